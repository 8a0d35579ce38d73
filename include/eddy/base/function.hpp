// function.hpp — std::function, cheaply.
//
// libstdc++'s <functional> also brings its searchers and with them <unordered_map> and half of
// <algorithm>. The part that is needed has a header of its own there.

#pragma once

#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/std_function.h>)
#include <bits/std_function.h> // tidy-allow(third-party): a part of the standard library
#else
#include <functional>
#endif
