// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Counts events that are the same as one just sent.
#include "bpf/lib/repeat.h"

#include "bpf/lib/compat.h"

/* A key as words: it is hashed and compared so. */
#define HF_REPEAT_WORDS (sizeof(struct hf_repeat_key) / sizeof(__u64))
_Static_assert(sizeof(struct hf_repeat_key) % sizeof(__u64) == 0, "a key is whole words");

static __always_inline bool hf_key_dentry(struct hf_repeat_key *key, const struct dentry *dentry) {
  __u32 len = BPF_CORE_READ(dentry, d_name.len);
  if (len > HF_REPEAT_NAME_MAX - 1) {
    return false;
  }
  HF_MASK(len, HF_REPEAT_NAME_MAX - 1);
  bpf_probe_read_kernel(key->name, len, BPF_CORE_READ(dentry, d_name.name));
  key->name_len = len;
  key->parent_ino = BPF_CORE_READ(dentry, d_parent, d_inode, i_ino);
  key->object_dev = BPF_CORE_READ(dentry, d_sb, s_dev);
  struct inode *inode = BPF_CORE_READ(dentry, d_inode);
  if (inode) {
    key->object_ino = BPF_CORE_READ(inode, i_ino);
    key->object_mode = BPF_CORE_READ(inode, i_mode);
    key->object_rdev = BPF_CORE_READ(inode, i_rdev);
  }
  return true;
}

/* Whether the object is known: of an unknown one nothing can be said to be the same. */
static __always_inline bool hf_key_object(struct hf_repeat_key *key,
                                          const struct hf_case *hf_case) {
  key->object_mode = hf_case->mode;
  key->object_rdev = hf_case->rdev;
  if (hf_case->dentry) {
    return hf_key_dentry(key, (void *)hf_case->dentry);
  }
  if (hf_case->family) {
    __builtin_memcpy(key->name, hf_case->address, sizeof(hf_case->address));
    return true;
  }
  __u32 len = hf_case->name_len;
  if (!hf_case->name || len > HF_REPEAT_NAME_MAX - 1) {
    return false;
  }
  HF_MASK(len, HF_REPEAT_NAME_MAX - 1);
  key->name_len = len;
  return !bpf_probe_read_kernel(key->name, len, (void *)hf_case->name);
}

static __always_inline bool hf_key_of(struct hf_repeat_key *key, const struct hf_case *hf_case,
                                      const struct hf_policy *policy, __u32 outcome) {
  __builtin_memset(key, 0, sizeof(*key));
  if (!hf_key_object(key, hf_case)) {
    return false;
  }
  struct inode *exe = BPF_CORE_READ(bpf_get_current_task_btf(), mm, exe_file, f_inode);
  key->exe_ino = BPF_CORE_READ(exe, i_ino);
  key->exe_dev = BPF_CORE_READ(exe, i_sb, s_dev);
  key->argument = hf_case->argument;
  key->slot = hf_case->slot;
  key->generation = policy->generation;
  key->class_id = hf_case->class_id;
  key->operation = hf_case->operation;
  key->outcome = outcome;
  key->result = hf_case->result;
  key->flags = hf_case->flags;
  key->family = hf_case->family;
  key->port = hf_case->port;
  key->protocol = hf_case->protocol;
  key->action = hf_case->action;
  key->severity = hf_case->severity;
  return true;
}

/* Fibonacci hashing, word by word. Whoever makes two keys meet gets both sent. */
static __always_inline __u32 hf_place_of(const struct hf_repeat_key *key) {
  const __u64 *word = (const __u64 *)key;
  __u64 hash = 0;
  for (__u32 i = 0; i < HF_REPEAT_WORDS; i++) {
    hash = (hash ^ (hash >> 29) ^ word[i]) * 0x9e3779b97f4a7c15ULL;
  }
  return (hash >> 40) & (HF_MAX_REPEATS - 1);
}

static __always_inline bool hf_same_key(const struct hf_repeat_key *a,
                                        const struct hf_repeat_key *b) {
  const __u64 *left = (const __u64 *)a;
  const __u64 *right = (const __u64 *)b;
  __u64 difference = 0;
  for (__u32 i = 0; i < HF_REPEAT_WORDS; i++) {
    difference |= left[i] ^ right[i];
  }
  return !difference;
}

/* Takes an element that was in `state` for `key`, from now on. */
static __always_inline bool hf_repeat_open(struct hf_repeat *repeat, __u64 state,
                                           const struct hf_repeat_key *key, __u64 now_ns,
                                           __u32 window_ms) {
  __u64 use = (state & ~(HF_REPEAT_COUNT | HF_REPEAT_PHASE)) + HF_REPEAT_USE;
  if (__sync_val_compare_and_swap(&repeat->state, state, use | HF_REPEAT_BUSY) != state) {
    return false;
  }
  struct task_struct *task = bpf_get_current_task_btf();
  const struct cred *cred = task->real_cred;
  repeat->since_ns = now_ns;
  repeat->task_start_ns = task->group_leader->start_boottime;
  repeat->pid = task->pid;
  repeat->tgid = task->tgid;
  repeat->ppid = task->real_parent->tgid;
  repeat->uid = cred->uid.val;
  repeat->gid = cred->gid.val;
  repeat->window_ms = window_ms;
  repeat->exec_id = (__u32)task->self_exec_id;
  bpf_get_current_comm(repeat->comm, sizeof(repeat->comm));
  repeat->key = *key;
  __sync_lock_test_and_set(&repeat->state, use | HF_REPEAT_LIVE);
  return true;
}

/* Until when an element counts what is the same. One that has counted something waits a little
 * longer: the monitor tells it and says how long the next window is, which no event can. */
static __always_inline __u64 hf_repeat_end(const struct hf_repeat *repeat, __u64 count) {
  __u64 window_ns = repeat->window_ms ? repeat->window_ms * 1000000ULL : HF_REPEAT_NS;
  return repeat->since_ns + window_ns + (count ? HF_REPEAT_GRACE_NS : 0);
}

/* What the next event does with an element. */
enum hf_repeat_use {
  HF_REPEAT_PASS,  /* leaves it alone, and is sent */
  HF_REPEAT_ADD,   /* is counted there */
  HF_REPEAT_TAKE,  /* is sent, and the element is its own from now on */
  HF_REPEAT_RENEW, /* the same, and it takes along what was counted */
};

static __always_inline enum hf_repeat_use hf_repeat_use(const struct hf_repeat *repeat, __u64 state,
                                                        const struct hf_repeat_key *key,
                                                        __u64 now_ns) {
  __u64 phase = state & HF_REPEAT_PHASE;
  __u64 count = state & HF_REPEAT_COUNT;
  if (phase != HF_REPEAT_LIVE) {
    return phase == HF_REPEAT_FREE ? HF_REPEAT_TAKE : HF_REPEAT_PASS;
  }
  bool over = now_ns >= hf_repeat_end(repeat, count);
  if (hf_same_key(&repeat->key, key)) {
    if (!over && count < HF_REPEAT_COUNT) {
      return HF_REPEAT_ADD;
    }
    return count ? HF_REPEAT_RENEW : HF_REPEAT_TAKE;
  }
  /* A long window of another event in which nothing happened gives way. */
  return !count && (over || repeat->window_ms) ? HF_REPEAT_TAKE : HF_REPEAT_PASS;
}

/* Others count in the same element meanwhile; after this many disturbances the event is sent. */
#define HF_REPEAT_TRIES 4

static __always_inline __u32 hf_repeat_enter(struct hf_repeat *repeat,
                                             const struct hf_repeat_key *key) {
  __u64 now_ns = bpf_ktime_get_boot_ns();
  for (__u32 i = 0; i < HF_REPEAT_TRIES; i++) {
    __u64 state = *(volatile __u64 *)&repeat->state;
    enum hf_repeat_use use = hf_repeat_use(repeat, state, key, now_ns);
    if (use == HF_REPEAT_PASS) {
      return 1;
    }
    if (use == HF_REPEAT_ADD) {
      if (__sync_val_compare_and_swap(&repeat->state, state, state + 1) == state) {
        return 0;
      }
      continue;
    }
    /* That nobody came to tell of them is no reason to tell of more of them sooner: the window
     * stays as long as it was. */
    bool renew = use == HF_REPEAT_RENEW;
    if (hf_repeat_open(repeat, state, key, now_ns, renew ? repeat->window_ms : 0)) {
      return renew ? 1 + (state & HF_REPEAT_COUNT) : 1;
    }
  }
  return 1;
}

__noinline int hf_count_repeat(struct hf_scratch *scratch, struct hf_case *hf_case, __u32 outcome) {
  if (!scratch || !hf_case) {
    return 1;
  }
  __u32 slot = hf_case->slot;
  struct hf_policy *policy = bpf_map_lookup_elem(&hf_policies, &slot);
  struct hf_repeat_key *key = &scratch->repeat;
  if (!policy || !hf_key_of(key, hf_case, policy, outcome)) {
    return 1;
  }
  __u32 place = hf_place_of(key);
  struct hf_repeat *repeat = bpf_map_lookup_elem(&hf_repeats, &place);
  if (!repeat) {
    return 1;
  }
  __u32 count = hf_repeat_enter(repeat, key);
  if (!count) {
    hf_count(slot, HF_COUNT_REPEATED, 1);
  }
  return count;
}
