// os.hpp — the layer os: processes, pipes, signals, files, watches. Includes only; eddy.hpp leaves
// them out, since few programs need them all.

#pragma once

#include <eddy/os/file.hpp>
#include <eddy/os/inotify.hpp>
#include <eddy/os/pipe.hpp>
#include <eddy/os/process.hpp>
#include <eddy/os/signal.hpp>
