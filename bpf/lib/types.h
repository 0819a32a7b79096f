/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The fields of kernel structures that the programs read, kept by hand. CO-RE moves every access to
 * where the running kernel has the field, so order and neighbours here mean nothing; a field is
 * added when it is read. */
#ifndef HOLDFAST_BPF_LIB_TYPES_H
#define HOLDFAST_BPF_LIB_TYPES_H

#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/abi/events.h"
#include "bpf/abi/policy.h"

typedef _Bool bool;
#define true 1
#define false 0
#ifndef NULL
#define NULL ((void *)0)
#endif
typedef unsigned short umode_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
  __u32 len;
  const unsigned char *name;
};

struct ns_common {
  unsigned int inum;
};

struct uid_gid_extent {
  __u32 first;
  __u32 lower_first;
};

struct uid_gid_map {
  struct uid_gid_extent extent[5];
};

typedef struct {
  __u32 val;
} kuid_t;

struct user_namespace {
  struct uid_gid_map uid_map;
  int level;
  kuid_t owner;
  struct user_namespace *parent;
  struct ns_common ns;
};

struct mnt_namespace {
  struct ns_common ns;
};

struct uts_namespace {
  struct ns_common ns;
};

struct ipc_namespace {
  struct ns_common ns;
};

struct xarray {
  void *xa_head;
};

struct xa_node {
  unsigned char shift;
  void *slots[64];
};

struct idr {
  struct xarray idr_rt;
};

struct pid_namespace {
  struct idr idr; /* of struct pid, by number */
  struct ns_common ns;
};

struct net {
  struct ns_common ns;
};

struct cgroup_namespace {
  struct ns_common ns;
};

struct nsproxy {
  struct uts_namespace *uts_ns;
  struct ipc_namespace *ipc_ns;
  struct mnt_namespace *mnt_ns;
  struct pid_namespace *pid_ns_for_children;
  struct net *net_ns;
  struct cgroup_namespace *cgroup_ns;
};

struct dentry;

struct super_block {
  __u32 s_dev;
  unsigned long s_flags;
  int s_readonly_remount;
  unsigned long s_magic;
  struct dentry *s_root;
  struct user_namespace *s_user_ns;
};

struct inode {
  umode_t i_mode;
  kuid_t i_uid;
  unsigned int i_nlink;
  unsigned long i_ino;
  __u32 i_rdev;
  struct super_block *i_sb;
  void *i_private;
};

struct dentry {
  struct dentry *d_parent;
  struct qstr d_name;
  struct inode *d_inode;
  struct super_block *d_sb;
};

struct vfsmount {
  struct dentry *mnt_root;
  struct super_block *mnt_sb;
  int mnt_flags;
};

struct mount {
  struct mount *mnt_parent;
  struct dentry *mnt_mountpoint;
  struct vfsmount mnt;
  struct mnt_namespace *mnt_ns;
};

struct path {
  struct vfsmount *mnt;
  struct dentry *dentry;
};

struct file {
  unsigned int f_mode;
  unsigned int f_flags;
  struct path f_path;
  struct inode *f_inode;
  void *private_data;
};

struct fdtable {
  unsigned int max_fds;
  struct file **fd;
};

struct files_struct {
  struct fdtable *fdt;
};

struct fs_struct {
  struct path root;
  struct path pwd;
};

struct mm_struct {
  struct file *exe_file;
  unsigned long arg_start;
  unsigned long arg_end;
};

struct iattr {
  unsigned int ia_valid;
};

struct vm_area_struct {
  unsigned long vm_flags;
  struct file *vm_file;
};

struct linux_binprm {
  unsigned int secureexec : 1;
  struct file *file;
  struct cred *cred;
  char buf[256]; /* how the file begins */
};

struct upid {
  int nr;
  struct pid_namespace *ns;
};

struct hlist_node {
  struct hlist_node *next;
};

struct hlist_head {
  struct hlist_node *first;
};

struct pid {
  unsigned int level;
  struct hlist_head tasks[1]; /* the first list: of PIDTYPE_PID */
  struct upid numbers[1];
};

struct proc_inode {
  struct pid *pid;
  struct inode vfs_inode;
};

typedef struct {
  __u32 val;
} kgid_t;

/* Since 6.3 (f122a08b197d) one 64-bit word; before, two 32-bit ones, low first: see compat.h. */
typedef struct {
  __u64 val;
} kernel_cap_t;

struct cred {
  kuid_t uid;
  kgid_t gid;
  kuid_t euid;
  kgid_t egid;
  kuid_t suid;
  kuid_t fsuid;
  kernel_cap_t cap_permitted;
  kernel_cap_t cap_effective;
  kernel_cap_t cap_ambient;
  struct user_namespace *user_ns;
};

struct in6_addr {
  __u8 bytes[16];
};

struct sock_common {
  unsigned short skc_family;
  __u16 skc_num;   /* local port, host byte order */
  __u16 skc_dport; /* port of the peer, network byte order */
  __u32 skc_daddr;
  struct in6_addr skc_v6_daddr;
};

struct cgroup;

struct sock_cgroup_data {
  struct cgroup *cgroup;
};

struct sock {
  struct sock_common __sk_common;
  struct sock_cgroup_data sk_cgrp_data;
  struct pid *sk_peer_pid;
  __u16 sk_type;
  __u16 sk_protocol;
};

struct socket {
  short type;
  struct sock *sk;
};

struct socket_alloc {
  struct socket socket;
  struct inode vfs_inode;
};

struct sockaddr_un {
  char sun_path[HF_SOCKET_PATH_MAX];
};

struct unix_address {
  int len; /* of the name, with two bytes for the family */
  struct sockaddr_un name[1];
};

struct unix_sock {
  struct unix_address *addr;
  struct path path; /* where it was bound */
  struct sock *peer;
};

struct msghdr {
  void *msg_name;
};

struct kernfs_node {
  __u64 id;
};

struct cgroup_root {
  int hierarchy_id;
};

struct cgroup;

struct cgroup_subsys_state {
  struct cgroup *cgroup;
  struct cgroup_subsys_state *parent;
};

struct cgroup {
  struct cgroup_subsys_state self;
  int level;
  struct kernfs_node *kn;
  struct cgroup_root *root;
};

struct css_set {
  struct cgroup *dfl_cgrp;
};

struct bpf_local_storage;

struct thread_info {
  __u32 status;
};

struct nameidata {
  unsigned int depth; /* symbolic links that are being followed */
};

struct task_struct {
  int pid;
  int tgid;
  __u64 start_boottime;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
  struct pid *thread_pid;
  const struct cred *real_cred;
  struct fs_struct *fs;
  struct files_struct *files;
  struct nsproxy *nsproxy;
  struct nameidata *nameidata; /* of a path that is being looked up; NULL: none */
  struct mm_struct *mm;
  unsigned int personality;
  __u64 self_exec_id;
  struct css_set *cgroups;
  struct bpf_local_storage *bpf_storage;
  struct thread_info thread_info;
  struct hlist_node pid_links[1]; /* the first: of PIDTYPE_PID */
};

struct pt_regs {
  unsigned long orig_ax;
  unsigned long ax;
  unsigned long bx;
  unsigned long cx;
  unsigned long dx;
  unsigned long si;
  unsigned long di;
  unsigned long bp;
  unsigned long r8;
  unsigned long r9;
  unsigned long r10;
};

struct bpf_iter_meta;

struct bpf_iter__task {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
};

struct bpf_iter__task_file {
  struct bpf_iter_meta *meta;
  struct task_struct *task;
  __u32 fd;
  struct file *file;
};

#pragma clang attribute pop

/* Bounds a value where the verifier can see it: the compiler drops a plain `&` when it knows it
 * changes nothing. */
#define HF_MASK(value, mask) asm volatile("%0 &= %1" : "+r"(value) : "i"(mask))

#define S_IFMT 0170000
#define HF_SET_ID 06000 /* S_ISUID, S_ISGID */
#define S_IFSOCK 0140000
#define S_IFLNK 0120000
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define S_ISUID 0004000
#define S_ISGID 0002000
#define S_IXGRP 0000010

/* include/linux/fs.h */
#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define FMODE_CREATED 0x100000
#define FMODE_NOACCOUNT 0x20000000

/* include/linux/fs.h: what notify_change is asked to change */
#define ATTR_MODE (1 << 0)
#define ATTR_UID (1 << 1)
#define ATTR_GID (1 << 2)
#define ATTR_SIZE (1 << 3)
#define ATTR_ATIME (1 << 4)
#define ATTR_MTIME (1 << 5)

/* errno values a program returns */
#define EPERM 1
#define EACCES 13
#define EROFS 30

#define SIGKILL 9

#endif
