// mutex.hpp — std::mutex and std::lock_guard, cheaply.
//
// libstdc++'s <mutex> also brings timed and recursive mutexes, and with them its clocks. The part
// that is needed has a header of its own there.

#pragma once

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/std_mutex.h>)
#include <bits/std_mutex.h> // tidy-allow(third-party): a part of the standard library
#else
#include <mutex>
#endif
