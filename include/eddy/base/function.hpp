// function.hpp — std::function, std::reference_wrapper and std::less, cheaply.
//
// libstdc++'s <functional> also brings its searchers and with them <unordered_map> and half of
// <algorithm>. The parts that are needed have headers of their own there.

#pragma once

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/std_function.h>)
#include <bits/refwrap.h>      // tidy-allow(third-party): a part of the standard library
#include <bits/std_function.h> // tidy-allow(third-party): as above
#include <bits/stl_function.h> // tidy-allow(third-party): as above
#else
#include <functional>
#endif
