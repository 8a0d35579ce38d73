// page.hpp — the comparison as one HTML file that shows itself anywhere, without a network.
//
// The plots are drawn by Chart.js as Debian packages it. It is read when the page is made, not kept
// in this program: so it is of the version, and with the corrections, that the system has.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace eddy::cli {

// The parts of the page, from runtime/cli/page/.
extern const std::string_view page_html; // with @style@, @record@, @library@ and @script@ in it
extern const std::string_view page_css;
extern const std::string_view page_js;

/// Reads the library that draws the plots: EDDY_CHART_JS, or where Debian's package puts it.
///
/// Throws: std::runtime_error naming the file and the package if it is not there.
[[nodiscard]] std::string read_chart_library();

/// The whole page, with `record` in it as it is in the JSON file.
[[nodiscard]] std::string page_of(const nlohmann::json& record, std::string_view library);

} // namespace eddy::cli
