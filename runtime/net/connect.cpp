// connect.cpp — happy eyeballs (RFC 8305), and the ends of what it gives.

#include <eddy/core/future.hpp>
#include <eddy/core/gather.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/core/own_branch.hpp>
#include <eddy/core/siblings.hpp>
#include <eddy/net/connect.hpp>
#include <eddy/net/resolve.hpp>
#include <eddy/sched/timeout.hpp>

#include <memory>
#include <stdexcept>
#include <utility>

namespace eddy::inline v0 {

namespace {

std::string text_of(const std::string& host, const std::vector<connect_error::failure>& failures) {
    std::string out = "connect to " + host + ": tried ";
    for (const connect_error::failure& each : failures) {
        if (&each != failures.data()) {
            out += ", ";
        }
        out += each.to.str() + " (" + each.why.message() + ")";
    }
    return out;
}

/// The family of the first address, then the other, and so on.
std::vector<socket_address> interleaved(const std::vector<socket_address>& addresses) {
    std::vector<socket_address> of_first;
    std::vector<socket_address> of_others;
    for (const socket_address& each : addresses) {
        (each.family() == addresses.front().family() ? of_first : of_others).push_back(each);
    }
    std::vector<socket_address> out;
    for (std::size_t i = 0; out.size() != addresses.size(); ++i) {
        if (i < of_first.size()) {
            out.push_back(of_first[i]);
        }
        if (i < of_others.size()) {
            out.push_back(of_others[i]);
        }
    }
    return out;
}

/// Attempts that follow each other, of which the first to succeed ends the others.
class attempts {
public:
    attempts(std::vector<socket_address> to, const connect_options& options)
        : to_(std::move(to)), options_(options), race_(to_.size()), marks_(to_.size()) {}

    /// The connection, nothing if all have failed.
    coro<std::optional<socket>> run() {
        std::vector<coro<>> all;
        for (std::size_t i = 0; i != to_.size(); ++i) {
            all.push_back(contend(i));
        }
        const outcome<void> ran = co_await as_result(gather(std::move(all)));
        if (!won_) {
            ran.value();
        } else if (ran.cancelled()) {
            (co_await own_branch_op()).put_cancel_back();
        }
        co_return std::move(won_);
    }

    [[nodiscard]] std::vector<connect_error::failure> failures() const {
        std::vector<connect_error::failure> out;
        for (std::size_t i = 0; i != to_.size(); ++i) {
            out.push_back({to_[i], marks_[i].error});
        }
        return out;
    }

private:
    struct mark {
        promise<void> begun;
        promise<void> ended;
        std::error_code error;
    };

    coro<> contend(std::size_t index) {
        branch& mine = co_await own_branch_op();
        if (!race_.enter(index, mine)) {
            co_return;
        }
        outcome<socket> made = co_await as_result(attempt(index));
        if (made && race_.stop(index, mine)) {
            won_ = std::move(*made);
        }
        (void)marks_[index].ended.set_value();
        if (!made && !made.cancelled() && !made.holds<std::system_error>()) {
            std::rethrow_exception(made.error());
        }
    }

    coro<socket> attempt(std::size_t index) {
        if (index != 0) {
            co_await marks_[index - 1].begun.get_future();
            const outcome<void> early = co_await as_result(
                wait_for(marks_[index - 1].ended.get_future(), options_.attempt_delay));
            if (early.cancelled()) {
                std::rethrow_exception(early.error());
            }
        }
        (void)marks_[index].begun.set_value();
        try {
            socket made = socket::stream(to_[index]);
            if (options_.local) {
                made.bind(*options_.local);
            }
            co_await made.connect(to_[index]);
            co_return made;
        } catch (const std::system_error& error) {
            marks_[index].error = error.code();
            throw;
        }
    }

    const std::vector<socket_address> to_;
    const connect_options& options_;
    siblings race_;
    std::vector<mark> marks_;
    std::optional<socket> won_; // by who has stopped the others
};

coro<socket> connect_in_time(std::string host, std::vector<socket_address> addresses,
                             const connect_options& options) {
    if (options.local) {
        std::erase_if(addresses, [&](const socket_address& each) {
            return each.family() != options.local->family();
        });
    }
    if (addresses.empty()) {
        throw std::invalid_argument("connect to " + host + ": no address to try");
    }
    attempts all(interleaved(addresses), options);
    std::optional<socket> made = co_await all.run();
    if (!made) {
        throw connect_error(host, all.failures());
    }
    if (options.no_delay == toggle::on) {
        made->set_no_delay(toggle::on);
    }
    if (options.keep_alive_probes) {
        made->set_keep_alive(options.keep_alive_probes);
    }
    co_return std::move(*made);
}

/// The ends, over TLS if that is wanted; `host` is the name to verify, if none is given.
coro<stream_ends> open_ends(socket made, std::string host, const connect_options& options) {
    std::unique_ptr<transport> carrier = std::make_unique<socket_transport>(std::move(made));
    if (options.tls) {
        tls_options how = *options.tls;
        if (how.context.is_for_servers()) {
            throw std::invalid_argument("a client needs a context of tls_context::client");
        }
        if (how.server_name.empty()) {
            how.server_name = std::move(host);
        }
        carrier = co_await open_tls(std::move(carrier), std::move(how));
    }
    co_return open_stream(std::move(carrier), options.limit);
}

coro<stream_ends> open_in_time(std::string host, std::uint16_t port,
                               const connect_options& options) {
    const address_family family = options.local && options.family == address_family::none
                                      ? options.local->family()
                                      : options.family;
    std::vector<socket_address> addresses = co_await resolve(host, port, {.family = family});
    const std::string name = host + ":" + std::to_string(port);
    socket made = co_await connect_in_time(name, std::move(addresses), options);
    co_return co_await open_ends(std::move(made), std::move(host), options);
}

coro<stream_ends> open_unix_in_time(std::string path, const connect_options& options) {
    const socket_address to = socket_address::local(path);
    socket made = socket::stream(to);
    if (options.local) {
        made.bind(*options.local);
    }
    co_await made.connect(to);
    co_return co_await open_ends(std::move(made), {}, options);
}

/// `body`, for as long as options.timeout says.
template <typename T>
coro<T> in_time(coro<T> body, const connect_options& options) {
    if (options.timeout) {
        co_return co_await wait_for(std::move(body), *options.timeout);
    }
    co_return co_await std::move(body);
}

} // namespace

connect_error::connect_error(const std::string& host, std::vector<failure> failures)
    : std::system_error(failures.front().why, text_of(host, failures)),
      failures_(std::move(failures)) {}

connect_error::~connect_error() = default;

coro<socket> connect_first(std::string host, std::vector<socket_address> addresses,
                           connect_options options) {
    co_return co_await in_time(connect_in_time(std::move(host), std::move(addresses), options),
                               options);
}

coro<stream_ends> open_connection(std::string host, std::uint16_t port, connect_options options) {
    co_return co_await in_time(open_in_time(std::move(host), port, options), options);
}

coro<stream_ends> open_unix_connection(std::string path, connect_options options) {
    co_return co_await in_time(open_unix_in_time(std::move(path), options), options);
}

} // namespace eddy::inline v0
