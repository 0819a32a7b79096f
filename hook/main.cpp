#include "hook/hook.h"

int main(int argc, char** argv) { return holdfast::hook::run(argc, argv); }
