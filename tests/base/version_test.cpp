// version_test.cpp — the three places that name the version agree.
//
// Covers:    headers, library and meson.build name one version.

#include <eddy/base/version.hpp>

#include <gtest/gtest.h>

#include <string>

TEST(version, headers_and_library_agree) {
    EXPECT_EQ(eddy::header_version, eddy::library_version());
}

TEST(version, build_files_and_headers_agree) {
    EXPECT_EQ(eddy::header_version, EDDY_PROJECT_VERSION);
}

TEST(version, numbers_and_text_agree) {
    const std::string text = std::to_string(EDDY_VERSION_MAJOR) + "." +
                             std::to_string(EDDY_VERSION_MINOR) + "." +
                             std::to_string(EDDY_VERSION_PATCH);
    EXPECT_EQ(eddy::header_version, text);
}
