// await_chain_text.cpp — tasks and their await chains in words.

#include <eddy/core/await_chain.hpp>

#include <algorithm>
#include <string_view>

namespace eddy::inline v0 {
namespace {

constexpr std::size_t names_max = 4; // in one line
constexpr std::size_t indent_width = 2;

std::string place_of(const std::source_location& site) {
    return std::string(site.file_name()) + ":" + std::to_string(site.line());
}

// "Task-1, Task-2 and 5 others"
std::string names_of(std::span<const any_task> tasks) {
    std::string out;
    for (std::size_t i = 0; i != std::min(tasks.size(), names_max); ++i) {
        out += (i == 0 ? "" : ", ") + tasks[i].name();
    }
    if (tasks.size() > names_max) {
        out += " and " + std::to_string(tasks.size() - names_max) + " others";
    }
    return out;
}

std::string headline(const any_task& task) {
    static constexpr const char* stages[] = {"created", "scheduled", "running", "suspended",
                                             "done"};
    return task.name() + " (" + stages[static_cast<std::size_t>(task.stage())] + ") in " +
           task.coroutine_name() + ", created at " + place_of(task.creation_site());
}

std::string awaited_by(const any_task& task) {
    const std::vector<any_task> awaiters = awaiters_of(task);
    return awaiters.empty() ? std::string() : ", awaited by " + names_of(awaiters);
}

// Coroutines of the library's own, as that of wait_for, stand between the user's.
bool is_of_the_library(const std::source_location& site) noexcept {
    const std::string_view file = site.file_name();
    return file.find("include/eddy/") != std::string_view::npos && file.ends_with(".hpp");
}

// Where the user's code waits, and for what.
std::string suspension_of(const await_chain& chain) {
    const auto users =
        std::find_if_not(chain.frames.rbegin(), chain.frames.rend(), is_of_the_library);
    if (chain.frames.empty()) {
        return {};
    }
    std::string out =
        ", waits at " + place_of(users != chain.frames.rend() ? *users : chain.frames.back());
    if (!chain.waits_for.empty()) {
        out += " for " + chain.waits_for;
    } else if (!chain.tasks.empty()) {
        out += " for " + names_of(chain.tasks);
    } else if (chain.children_in_all != 0) {
        out += " for " + std::to_string(chain.children_in_all) + " children";
    }
    return out;
}

class chain_text {
public:
    /// Names holders that are among `known`.
    chain_text(std::size_t level, std::span<const any_task> known) noexcept
        : level_(level), known_(known) {}

    void add(const await_chain& chain) {
        if (chain.cut) {
            line("... (there is more than one look reads)");
        }
        for (const std::source_location& each : chain.frames) {
            line(place_of(each) + " in " + each.function_name());
        }
        if (!chain.waits_for.empty()) {
            line("waits for " + chain.waits_for + held_by(chain.holder));
        }
        if (!chain.tasks.empty()) {
            line("waits for " + names_of(chain.tasks));
        }
        if (chain.now == await_chain::state::busy) {
            line("is just being cancelled");
        }
        add_children(chain);
    }

    [[nodiscard]] std::string& text() noexcept { return text_; }

private:
    void add_children(const await_chain& chain) {
        if (chain.children_in_all == 0) {
            return;
        }
        line("waits for " + std::to_string(chain.children_in_all) + " children, of which " +
             std::to_string(chain.children.size()) + (chain.cut ? " are shown" : " wait"));
        for (const await_chain& each : chain.children) {
            line("child " + std::to_string(each.index));
            ++level_;
            add(each);
            --level_;
        }
    }

    std::string held_by(const task_base* holder) const {
        const auto found = std::ranges::find(known_, holder, &any_task::base);
        return found == known_.end() ? std::string() : ", which " + found->name() + " holds";
    }

    void line(const std::string& words) {
        text_.append(level_ * indent_width, ' ').append(words).append("\n");
    }

    std::string text_;
    std::size_t level_;
    std::span<const any_task> known_;
};

} // namespace

std::string to_string(const any_task& task) {
    return headline(task) + suspension_of(capture_await_chain(task)) + awaited_by(task);
}

std::string to_string(const await_chain& chain) {
    chain_text out(0, {});
    out.add(chain);
    return std::move(out.text());
}

std::string format_tasks(std::span<const any_task> tasks) {
    std::string out;
    for (const any_task& each : tasks) {
        chain_text chain(1, tasks);
        chain.add(capture_await_chain(each));
        out += headline(each) + awaited_by(each) + "\n" + chain.text();
    }
    return out;
}

} // namespace eddy::inline v0
