# What engines give a container by default, in its kind: nearly everything, less what configures the
# kernel.
profile holdfast-bench flags=(attach_disconnected, mediate_deleted) {
  network,
  capability,
  file,
  umount,
  signal,
  deny /proc/sys/** wklx,
  deny /proc/sysrq-trigger rwklx,
  deny /proc/kcore rwklx,
  deny /sys/[^f]*/** wklx,
  deny /sys/firmware/** rwklx,
  deny mount,
}
