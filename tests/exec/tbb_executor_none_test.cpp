// tbb_executor_none_test.cpp — a library without oneTBB says so.

#include <eddy/exec/tbb_executor.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

TEST(tbb_executor, is_refused_in_a_library_without_it) {
    try {
        const eddy::tbb_executor none;
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("-Dtbb=enabled"), std::string::npos);
    }
}

} // namespace
