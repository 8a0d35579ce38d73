// choices.cpp — see choices.hpp.

#include "choices.hpp"

#include <stdexcept>

namespace eddy::model {

namespace {
constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
} // namespace

unsigned choices::choose(unsigned options) {
    if (options == 1) {
        return 0;
    }
    if (options > digits.size()) {
        throw std::length_error("model: more options than a choice string has digits");
    }
    if (at_ == path_.size()) {
        path_.push_back({.taken = draw(options), .options = options});
    }
    decision& here = path_[at_++];
    here.options = options; // a prescribed path does not know them
    if (here.taken >= options) {
        throw std::out_of_range("model: the choice string does not belong to this program");
    }
    return here.taken;
}

bool choices::next() {
    while (!path_.empty() && path_.back().taken + 1 == path_.back().options) {
        path_.pop_back();
    }
    if (path_.empty()) {
        return false;
    }
    ++path_.back().taken;
    rewind();
    return true;
}

void choices::randomize(std::uint64_t seed) noexcept {
    random_ = seed | 1;
}

void choices::next_random() noexcept {
    path_.clear();
    rewind();
}

// Half of the draws take option 0, so that threads get somewhere before they are preempted.
unsigned choices::draw(unsigned options) noexcept {
    if (random_ == 0) {
        return 0;
    }
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    const auto bits = static_cast<unsigned>(random_ >> 33);
    return (bits & 1) == 0 ? 0 : (bits >> 1) % options;
}

std::string choices::text() const {
    std::string text;
    for (const decision& each : path_) {
        text += digits[each.taken];
    }
    return text;
}

void choices::prescribe(const std::string& text) {
    path_.clear();
    for (const char digit : text) {
        path_.push_back({.taken = static_cast<unsigned>(digits.find(digit)), .options = 0});
    }
    rewind();
}

} // namespace eddy::model
