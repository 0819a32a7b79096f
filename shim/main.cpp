#include "shim/shim.h"

int main(int argc, char** argv) { return holdfast::shim::run(argc, argv); }
