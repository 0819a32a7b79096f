// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Turns a case into a verdict.
#include "bpf/lib/decide.h"

#include "bpf/lib/path.h"
#include "bpf/lib/tell.h"

/* Set before loading: the programs of the back end `tracepoint` ask when all is over. */
const volatile bool hf_tells_only = false;

/* What policy's action makes of an operation. A bystander is refused, never killed. */
static __always_inline __u32 hf_outcome_of(__u32 action, const struct hf_case *hf_case) {
  if (hf_case->flags & HF_EVENT_REFUSED) {
    return HF_OUTCOME_REFUSED;
  }
  if (action < HF_DENY || (hf_case->flags & HF_EVENT_TOO_LATE)) {
    return HF_OUTCOME_SEEN;
  }
  return action == HF_KILL && !(hf_case->flags & HF_EVENT_BYSTANDER) ? HF_OUTCOME_KILLED
                                                                     : HF_OUTCOME_DENIED;
}

static __always_inline int hf_conclude(struct hf_scratch *scratch, struct hf_case *hf_case,
                                       __u32 action) {
  if (hf_tells_only && !(hf_case->flags & HF_EVENT_REFUSED)) {
    hf_case->flags |= HF_EVENT_TOO_LATE;
  }
  __u32 outcome = hf_outcome_of(action, hf_case);
  hf_case->action = action;
  if (scratch) {
    hf_tell(scratch, hf_case, outcome);
    hf_scratch_release(scratch);
  } else {
    hf_count(hf_case->slot, HF_COUNT_NO_BUFFER, 1);
  }
  if (outcome == HF_OUTCOME_KILLED) {
    bpf_send_signal(SIGKILL);
  }
  return outcome == HF_OUTCOME_DENIED || outcome == HF_OUTCOME_KILLED;
}

/* The path as the caller spelled it: all there is when a call failed before the kernel found an
 * object. */
static __always_inline void hf_take_user_path(struct hf_scratch *scratch, struct hf_case *hf_case) {
  long len = bpf_probe_read_user_str(scratch->path, HF_PATH_MAX, (void *)hf_case->user_path);
  hf_case->flags |= HF_EVENT_USER_PATH;
  scratch->path_start = 0;
  scratch->path_len = len > 0 ? len - 1 : 0; /* without the terminator */
}

/* A name that the kernel holds, a socket's. Its zero bytes are what makes it abstract. */
static __always_inline void hf_take_name(struct hf_scratch *scratch,
                                         const struct hf_case *hf_case) {
  __u32 len = hf_case->name_len;
  HF_MASK(len, 127);
  scratch->path_start = 0;
  scratch->path_len = bpf_probe_read_kernel(scratch->path, len, (void *)hf_case->name) ? 0 : len;
}

/* What is to be done about a case; HF_OFF: nothing. */
static __always_inline __u32 hf_action_for(const struct hf_policy *policy,
                                           const struct hf_case *hf_case) {
  if (!policy) {
    return HF_OFF;
  }
  return hf_case->action ? hf_case->action : hf_action_of(policy, hf_case->class_id);
}

__noinline int hf_decide(struct hf_case *hf_case) {
  if (!hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  __u32 action = hf_action_for(bpf_map_lookup_elem(&hf_policies, &slot), hf_case);
  if (action == HF_OFF) {
    return 0;
  }
  struct hf_scratch *scratch = hf_scratch_claim();
  if (scratch) {
    scratch->path_len = 0;
    scratch->path_flags = 0;
    if (hf_case->dentry) {
      hf_build_path(scratch, hf_case->dentry, hf_case->mount, 0);
    } else if (hf_case->user_path) {
      hf_take_user_path(scratch, hf_case);
    } else if (hf_case->name) {
      hf_take_name(scratch, hf_case);
    }
  }
  return hf_conclude(scratch, hf_case, action);
}

/* The slot's rule for the path in `scratch`: that of the longest listed path at or above it; NULL:
 * none. Both sides end with a slash so that "/run" does not cover "/runner". */
static __always_inline struct hf_path_rule *hf_rule_of(struct hf_scratch *scratch, __u32 slot,
                                                       __u32 kind) {
  __u32 len = scratch->path_len;
  __u32 start = scratch->path_start & (HF_PATH_MAX - 1);
  bool whole = len <= HF_RULE_PATH_MAX - 1;
  if (!whole) {
    len = HF_RULE_PATH_MAX - 1;
  }
  HF_MASK(len, 255);
  struct hf_path_key *key = &scratch->key;
  bpf_probe_read_kernel(key->path, len < HF_RULE_PATH_MAX ? len : 0, &scratch->path[start]);
  if (whole && len != 1 && len < HF_RULE_PATH_MAX) { /* "/" ends with its slash already */
    key->path[len] = '/';
    len++;
  }
  key->slot = slot;
  key->kind = kind;
  key->prefix_bits = 8 * (sizeof(key->slot) + sizeof(key->kind) + len);
  return bpf_map_lookup_elem(&hf_paths, key);
}

static __always_inline void hf_build_rootfs_path(struct hf_scratch *scratch,
                                                 const struct hf_policy *policy, __u64 dentry) {
  bool shared = policy->flags & HF_POLICY_ROOTFS_SHARED;
  hf_build_path(scratch, dentry, 0, shared ? policy->rootfs : 0);
}

/* Whether what was built is no part of the rootfs, or writable by policy. */
static __always_inline bool hf_is_exempt(struct hf_scratch *scratch, __u32 slot) {
  __u32 flags = scratch->path_flags;
  return (flags & HF_PATH_ELSEWHERE) ||
         (!(flags & HF_PATH_TRUNCATED) && hf_rule_of(scratch, slot, HF_PATH_WRITABLE));
}

/* Worth an alert wherever the file lies: a program becomes set-user-ID, or gets another name. */
static __always_inline bool hf_makes_setuid(const struct hf_case *hf_case) {
  __u64 type = hf_case->argument & S_IFMT;
  if (!(hf_case->argument & HF_SET_ID) || (type && type != S_IFREG)) {
    return false;
  }
  switch (hf_case->operation) {
    case HF_OP_CHMOD:
    case HF_OP_CREATE:
    case HF_OP_RENAME:
    case HF_OP_LINK:
      return true;
    default:
      return false;
  }
}

/* Policy's action for a change of the path in `scratch`: what is everyday is recorded only. */
static __always_inline __u32 hf_soften(struct hf_scratch *scratch, const struct hf_case *hf_case,
                                       __u32 action) {
  return action == HF_ALERT && !hf_makes_setuid(hf_case) &&
                 hf_rule_of(scratch, HF_SLOT_ALL, HF_PATH_RECORDED)
             ? HF_RECORD
             : action;
}

/* Whether the directory of the path in `scratch`, that of `dentry`, is writable as well: then so is
 * all that it holds. */
static __always_inline bool hf_directory_writable(struct hf_scratch *scratch, __u64 dentry,
                                                  __u32 slot) {
  const struct dentry *last = (void *)dentry;
  __u32 name = BPF_CORE_READ(last, d_name.len) + 1;
  if (scratch->path_len <= name) {
    return false;
  }
  scratch->path_len -= name;
  return hf_rule_of(scratch, slot, HF_PATH_WRITABLE);
}

__noinline int hf_decide_rootfs(struct hf_case *hf_case) {
  if (!hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  __u32 action = policy ? hf_action_of(policy, hf_case->class_id) : HF_OFF;
  if (action == HF_OFF) {
    return 0;
  }
  struct hf_scratch *scratch = hf_scratch_claim();
  if (scratch) {
    hf_build_rootfs_path(scratch, policy, hf_case->dentry);
    if (hf_is_exempt(scratch, slot)) {
      bool elsewhere = scratch->path_flags & HF_PATH_ELSEWHERE;
      hf_case->siblings_too = elsewhere || hf_directory_writable(scratch, hf_case->dentry, slot);
      hf_scratch_release(scratch);
      return 0;
    }
    action = hf_soften(scratch, hf_case, action);
  }
  return hf_conclude(scratch, hf_case, action);
}

__noinline int hf_decide_unlisted(struct hf_case *hf_case) {
  if (!hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  __u32 action = hf_action_for(bpf_map_lookup_elem(&hf_policies, &slot), hf_case);
  if (action == HF_OFF) {
    return 0;
  }
  struct hf_scratch *scratch = hf_scratch_claim();
  if (scratch) {
    hf_build_path(scratch, hf_case->dentry, hf_case->mount, 0);
    if (!(scratch->path_flags & HF_PATH_TRUNCATED) && hf_rule_of(scratch, slot, HF_PATH_EXEC)) {
      hf_scratch_release(scratch);
      return 0;
    }
  }
  return hf_conclude(scratch, hf_case, action);
}

static __always_inline __u32 hf_action_of_rule(const struct hf_path_rule *rule, __u32 access) {
  if (!rule) {
    return HF_OFF;
  }
  __u32 read = access & HF_ACCESS_READ ? rule->read : HF_OFF;
  __u32 write = access & HF_ACCESS_WRITE ? rule->write : HF_OFF;
  return read > write ? read : write;
}

/* Where a path cannot be built, the strongest action of all the rules is taken. */
__noinline int hf_decide_file(struct hf_case *hf_case, __u32 access) {
  if (!hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  __u32 action = hf_action_for(bpf_map_lookup_elem(&hf_policies, &slot), hf_case);
  struct hf_scratch *scratch = hf_scratch_claim();
  if (scratch) {
    hf_build_path(scratch, hf_case->dentry, hf_case->mount, 0);
    if (!(scratch->path_flags & HF_PATH_TRUNCATED)) {
      struct hf_path_rule *rule = hf_rule_of(scratch, slot, HF_PATH_FILE);
      action = hf_action_of_rule(rule, access);
      hf_case->severity = rule ? rule->severity : 0;
    }
    if (action == HF_OFF) {
      hf_scratch_release(scratch);
      return 0;
    }
  }
  return hf_conclude(scratch, hf_case, action);
}

/* The directory that was built, and the caller's path below it: half of the room for each. */
#define HF_HALF_PATH (HF_PATH_MAX / 2)

static __always_inline void hf_append_user_path(struct hf_scratch *scratch, __u64 user_path) {
  __u64 len = scratch->path_len;
  __u64 start = scratch->path_start;
  if (len > HF_HALF_PATH - 1) {
    start += len - (HF_HALF_PATH - 1);
    len = HF_HALF_PATH - 1;
    scratch->path_flags |= HF_PATH_TRUNCATED;
  }
  HF_MASK(start, HF_PATH_MAX - 1);
  HF_MASK(len, HF_HALF_PATH - 1);
  bpf_probe_read_kernel(scratch->path, len, &scratch->path[start]);
  if (len == 1) { /* the root has its slash already */
    len = 0;
  }
  HF_MASK(len, HF_HALF_PATH - 1);
  scratch->path[len] = '/';
  long added = bpf_probe_read_user_str(&scratch->path[len + 1], HF_HALF_PATH, (void *)user_path);
  if (added == HF_HALF_PATH) {
    scratch->path_flags |= HF_PATH_TRUNCATED;
  }
  scratch->path_start = 0;
  scratch->path_len = len + (added > 0 ? added : 1);
}

static __always_inline void hf_build_named_path(struct hf_scratch *scratch,
                                                const struct hf_policy *policy,
                                                struct hf_case *hf_case, bool exact) {
  scratch->path_len = 0;
  scratch->path_flags = 0;
  if (!hf_case->dentry) {
    hf_take_user_path(scratch, hf_case);
    return;
  }
  if (exact) {
    hf_build_rootfs_path(scratch, policy, hf_case->dentry);
  } else {
    hf_build_path(scratch, hf_case->dentry, hf_case->mount, 0);
  }
  hf_append_user_path(scratch, hf_case->user_path);
}

__noinline int hf_decide_named(struct hf_case *hf_case, __u32 exact) {
  if (!hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  __u32 action = policy ? hf_action_of(policy, hf_case->class_id) : HF_OFF;
  if (action == HF_OFF) {
    return 0;
  }
  struct hf_scratch *scratch = hf_scratch_claim();
  if (!scratch) {
    return hf_conclude(NULL, hf_case, action);
  }
  hf_build_named_path(scratch, policy, hf_case, exact);
  if (exact && hf_is_exempt(scratch, slot)) {
    hf_scratch_release(scratch);
    return 0;
  }
  if (exact) {
    action = hf_soften(scratch, hf_case, action);
  } else {
    hf_case->flags |= HF_EVENT_USER_PATH;
    hf_case->flags |= hf_case->dentry ? HF_EVENT_BUILT_PATH : 0;
  }
  hf_case->dentry = 0; /* which is the directory, not the object */
  return hf_conclude(scratch, hf_case, action);
}
