// page.cpp — the comparison as one HTML file that shows itself anywhere, without a network.

#include "page.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace eddy::cli {

namespace {

constexpr const char* usual_library = "/usr/share/javascript/chart.js/chart.min.js";
constexpr std::string_view sign_of_library = "Chart.js v"; // in its opening comment

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
    std::string all;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what)) {
        all.append(text.substr(0, at)).append(by);
        text.remove_prefix(at + what.size());
    }
    return all.append(text);
}

// JSON that no parser of HTML takes for the end of a script. It is the same JSON to one of JSON.
std::string inside_script(const nlohmann::json& record) {
    return replaced(record.dump(), "<", "\\u003c");
}

} // namespace

std::string read_chart_library() {
    const char* asked = std::getenv("EDDY_CHART_JS"); // NOLINT(concurrency-mt-unsafe): one thread
    const std::string path = asked == nullptr ? usual_library : asked;
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || text.str().find(sign_of_library) == std::string::npos) {
        throw std::runtime_error("--html: " + path + (file ? " is not" : " cannot be read; it is") +
                                 " Chart.js, which draws the plots: install the package "
                                 "libjs-chart.js, or name the file in EDDY_CHART_JS");
    }
    return text.str();
}

std::string page_of(const nlohmann::json& record, std::string_view library) {
    const std::string data = inside_script(record);
    const std::string safe_library = replaced(library, "</script", "<\\/script");
    const std::array<std::pair<std::string_view, std::string_view>, 4> parts{
        {{"@style@", page_css},
         {"@record@", data},
         {"@library@", safe_library},
         {"@script@", page_js}}};
    std::string page;
    std::string_view rest = page_html;
    for (const auto& [mark, part] : parts) { // in the order of the page
        const auto at = rest.find(mark);
        page.append(rest.substr(0, at)).append(part);
        rest.remove_prefix(at + mark.size());
    }
    return page.append(rest);
}

} // namespace eddy::cli
