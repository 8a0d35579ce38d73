// choices.hpp — the decisions of one path through a program, and the step to the next path.
//
// Depth first: a path takes option 0 wherever nothing is prescribed; next() prescribes the same
// path up to the last decision that has another option, and that option. Its text replays a path.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace eddy::model {

class choices {
public:
    /// Decides among `options`; decisions without alternatives are not recorded.
    unsigned choose(unsigned options);

    /// Back to the start of the path, the same decisions again.
    void rewind() noexcept { at_ = 0; }

    /// Prepares the next path. False: there is none.
    bool next();

    /// From here on decisions are drawn from `seed`; each path is forgotten by next_random().
    void randomize(std::uint64_t seed) noexcept;
    void next_random() noexcept;

    /// One character per decision: 0-9, a-z.
    std::string text() const;
    void prescribe(const std::string& text);

private:
    struct decision {
        unsigned taken;
        unsigned options;
    };

    unsigned draw(unsigned options) noexcept;

    std::vector<decision> path_;
    std::size_t at_ = 0;
    std::uint64_t random_ = 0; // 0: depth first
};

} // namespace eddy::model
