# Shared by fetch-kernel and run: where kernels are kept and which of their modules are.
# shellcheck shell=bash
# shellcheck disable=SC2034  # used by the scripts that source this file

kernel_dir() { echo "${XDG_CACHE_HOME:-/var/cache}/holdfast/kernels/$1"; }

# What it takes to see the build machine's root file system.
boot_modules=(virtio_pci 9pnet_virtio 9p overlay)

# What container engines, and attacks on them, load in the guest. Names a kernel does not know are skipped.
guest_modules=("${boot_modules[@]}"
  virtio_rng virtio_blk virtio_net fuse loop brd ext4 squashfs binfmt_misc tun veth bridge br_netfilter dummy
  nf_tables nf_nat nft_chain_nat nft_compat nft_ct nft_masq ip_tables iptable_nat iptable_filter
  xt_MASQUERADE xt_conntrack xt_addrtype xt_comment xt_mark nf_conntrack_netlink configfs)
