// compile_as_an_older_language.cpp — without -std=c++20 the first message says what is missing.
//
// Expect:    \A((?!error:)[\s\S])*error: "eddy needs C\+\+20
// Arguments: -std=c++17

#include <eddy/eddy.hpp>
