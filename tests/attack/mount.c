/* Ways to change what is mounted where, with the old and the new system calls. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* <sys/mount.h> and <linux/mount.h> define the same names; only the latter has the new interface.
 */
static int do_mount(const char* source, const char* target, const char* type, unsigned long flags,
                    const char* data) {
  return outcome(syscall(SYS_mount, source, target, type, flags, data));
}

static int run_bind(int argc, char** argv) {
  (void)argc;
  return do_mount(argv[0], argv[1], NULL, MS_BIND | MS_REC, NULL);
}

static int run_mount(int argc, char** argv) {
  return do_mount(argv[1], argv[2], argv[0], 0, argc > 3 ? argv[3] : NULL);
}

static int run_mount_tmpfs(int argc, char** argv) {
  (void)argc;
  return do_mount("tmpfs", argv[0], "tmpfs", 0, NULL);
}

static int run_remount(int argc, char** argv) {
  (void)argc;
  return do_mount(NULL, argv[0], NULL, MS_REMOUNT | MS_BIND, NULL);
}

static int run_make_shared(int argc, char** argv) {
  (void)argc;
  return do_mount(NULL, argv[0], NULL, MS_SHARED, NULL);
}

static int run_move(int argc, char** argv) {
  (void)argc;
  return do_mount(argv[0], argv[1], NULL, MS_MOVE, NULL);
}

static int run_open_tree(int argc, char** argv) {
  (void)argc;
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  if (tree < 0) return errno;
  close(tree);
  return 0;
}

static int attach(int tree, const char* target) {
  int error = outcome(syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
  close(tree);
  return error;
}

static int run_move_mount(int argc, char** argv) {
  (void)argc;
  int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[0], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  return tree < 0 ? errno : attach(tree, argv[1]);
}

static int run_fsopen(int argc, char** argv) {
  (void)argc;
  int context = (int)syscall(SYS_fsopen, argv[0], FSOPEN_CLOEXEC);
  if (context < 0) return errno;
  close(context);
  return 0;
}

/* fsopen, fsconfig, fsmount, move_mount: a mount without mount(2). */
static int run_fsmount(int argc, char** argv) {
  (void)argc;
  int context = (int)syscall(SYS_fsopen, argv[0], FSOPEN_CLOEXEC);
  if (context < 0) return errno;
  int error = outcome(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
  int tree = -1;
  if (!error) error = outcome(tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0));
  close(context);
  return error ? error : attach(tree, argv[1]);
}

static int run_mount_setattr(int argc, char** argv) {
  (void)argc;
  struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
  return outcome(syscall(SYS_mount_setattr, AT_FDCWD, argv[0], 0, &attributes, sizeof(attributes)));
}

static int run_umount(int argc, char** argv) {
  (void)argc;
  return outcome(syscall(SYS_umount2, argv[0], 2 /* MNT_DETACH */));
}

static int run_pivot_root(int argc, char** argv) {
  (void)argc;
  return outcome(syscall(SYS_pivot_root, argv[0], argv[1]));
}

const struct operation mount_operations[] = {
    {"bind", "SOURCE TARGET", 2, 2, run_bind},
    {"mount", "TYPE SOURCE TARGET [DATA]", 3, 4, run_mount},
    {"mount-tmpfs", "TARGET", 1, 1, run_mount_tmpfs},
    {"remount", "TARGET", 1, 1, run_remount},
    {"make-shared", "TARGET", 1, 1, run_make_shared},
    {"mount-move", "OLD NEW", 2, 2, run_move},
    {"open-tree", "PATH", 1, 1, run_open_tree},
    {"move-mount", "SOURCE TARGET (open_tree and move_mount)", 2, 2, run_move_mount},
    {"fsopen", "TYPE", 1, 1, run_fsopen},
    {"fsmount", "TYPE TARGET", 2, 2, run_fsmount},
    {"mount-setattr", "TARGET (clears read-only)", 1, 1, run_mount_setattr},
    {"umount", "TARGET", 1, 1, run_umount},
    {"pivot-root", "NEW PUT-OLD", 2, 2, run_pivot_root},
    {0},
};
