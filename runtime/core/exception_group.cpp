// exception_group.cpp — the text of a group, and taking it apart.

#include <eddy/core/exception_group.hpp>
#include <eddy/core/report.hpp>

#include <algorithm>
#include <stdexcept>

namespace eddy::inline v0 {
namespace {

using question = std::function<bool(const std::exception_ptr&)>;

// The group behind `error`, nothing if it is none.
std::optional<exception_group> as_group(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& nested) {
        return nested;
    } catch (...) {
        return std::nullopt;
    }
}

std::string text_of(const std::string& message, const std::vector<std::exception_ptr>& errors) {
    std::string text = message + " (" + std::to_string(errors.size()) +
                       (errors.size() == 1 ? " exception):" : " exceptions):");
    for (const std::exception_ptr& each : errors) {
        text += " [" + describe(each) + "]";
    }
    return text;
}

} // namespace

struct exception_group::content {
    std::string message;
    std::vector<std::exception_ptr> errors;
    std::string text;
};

exception_group::exception_group(std::string message, std::vector<std::exception_ptr> errors) {
    if (errors.empty() || std::ranges::find(errors, nullptr) != errors.end()) {
        throw std::invalid_argument("an exception_group needs exceptions");
    }
    std::string text = text_of(message, errors);
    content_ = std::make_shared<const content>(content{
        .message = std::move(message), .errors = std::move(errors), .text = std::move(text)});
}

exception_group::exception_group(const exception_group&) noexcept = default;
exception_group& exception_group::operator=(const exception_group&) noexcept = default;
exception_group::~exception_group() = default;

const char* exception_group::what() const noexcept {
    return content_->text.c_str();
}
const std::string& exception_group::message() const noexcept {
    return content_->message;
}
std::span<const std::exception_ptr> exception_group::exceptions() const noexcept {
    return content_->errors;
}

std::vector<std::exception_ptr> exception_group::leaves() const {
    std::vector<std::exception_ptr> out;
    for (const std::exception_ptr& each : content_->errors) {
        if (const auto nested = as_group(each)) {
            std::ranges::copy(nested->leaves(), std::back_inserter(out));
        } else {
            out.push_back(each);
        }
    }
    return out;
}

bool exception_group::find_leaf(const question& matches) const {
    return std::ranges::any_of(leaves(), matches);
}

exception_group::parts exception_group::split_if(const question& matches) const {
    std::vector<std::exception_ptr> matched;
    std::vector<std::exception_ptr> rest;
    for (const std::exception_ptr& each : content_->errors) {
        if (const auto nested = as_group(each)) {
            const parts inner = nested->split_if(matches);
            if (inner.matched) {
                matched.push_back(inner.rest ? std::make_exception_ptr(*inner.matched) : each);
            }
            if (inner.rest) {
                rest.push_back(inner.matched ? std::make_exception_ptr(*inner.rest) : each);
            }
        } else {
            (matches(each) ? matched : rest).push_back(each);
        }
    }
    parts out;
    if (!matched.empty()) {
        out.matched.emplace(content_->message, std::move(matched));
    }
    if (!rest.empty()) {
        out.rest.emplace(content_->message, std::move(rest));
    }
    return out;
}

} // namespace eddy::inline v0
