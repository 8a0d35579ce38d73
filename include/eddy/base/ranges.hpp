// ranges.hpp — the concepts of ranges, cheaply: without the views.

#pragma once

#include <iterator> // which the part below needs
#include <version>

#if defined(__GLIBCXX__) && __has_include(<bits/ranges_base.h>)
#include <bits/ranges_base.h> // tidy-allow(third-party): a part of the standard library
#else
#include <ranges>
#endif
