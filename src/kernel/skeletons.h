// The generated skeletons, which are written for C and older warnings.
#pragma once

#include "bpf/abi/handover.h"
#include "bpf/abi/requests.h"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wcast-align"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "bpf/holdfast.skel.h"
#include "bpf/isolate.skel.h"
#include "bpf/move.skel.h"
#include "bpf/probe.skel.h"
#pragma GCC diagnostic pop
