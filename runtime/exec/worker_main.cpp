// worker_main.cpp — the life of a worker process: jobs in, results out, one after the other.

#include "exec/worker_main.hpp"

#include "exec/worker_link.hpp"
#include "exec/worker_process.hpp"
#include "exec/worker_setup.hpp"
#include <eddy/base/spin_budget.hpp>
#include <eddy/core/context.hpp>
#include <eddy/exec/process_pool_executor.hpp>
#include <eddy/exec/registered_context_var.hpp>
#include <eddy/exec/registered_exception.hpp>
#include <eddy/io/fd.hpp>

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

namespace eddy::inline v0 {
namespace {

// The pool has gone, or does not want this process any more.
struct pool_is_gone {};

class worker {
public:
    worker(std::span<std::byte> mapped, const worker_address& at)
        : pipe_(at.pipe), bell_(at.bell), segment_(mapped, at.ring_bytes),
          reader_(segment_.to_worker(), segment_.to_worker_bytes()),
          writer_(segment_.to_pool(), segment_.to_pool_bytes()) {}

    int run() {
        try {
            if (!set_up()) {
                return 1;
            }
            for (;;) {
                receive();
                const message_header job = message_.header();
                if (job.kind == message_kind::end) {
                    return 0;
                }
                if (segment_.claims().begin(job.number)) {
                    answer(job);
                }
                message_.reset();
            }
        } catch (const pool_is_gone&) {
            return 0;
        }
    }

private:
    // False: the initialiser threw, and the pool knows.
    bool set_up() {
        receive();
        code_writer result;
        try {
            code_reader from(message_.body());
            worker_setup::decode(from).apply();
        } catch (...) {
            registered_exception::encode_current(result);
            send(message_kind::start_failed, 0, result.written());
            return false;
        }
        message_.reset();
        send(message_kind::ready, 0, {});
        return true;
    }

    void answer(const message_header& job) {
        code_writer result;
        message_kind kind = message_kind::value;
        try {
            context_scope::set_current(nullptr); // whatever the job before has left
            code_reader from(message_.body());
            const auto variables = from.get_bytes(job.context_bytes);
            const registered_function& function = registered_function::find(from);
            deadline_scope until;
            until.set_when(clock::time_point(clock::duration(job.deadline)));
            const received_context in_force(variables); // known since the library is loaded
            if (job.kind == message_kind::chunk) {
                call_for_each(function, from, result);
            } else {
                function.call(from, result);
            }
        } catch (...) {
            kind = message_kind::error;
            result = code_writer();
            registered_exception::encode_current(result);
        }
        send(kind, job.number, result.written());
    }

    // The number of results, the results, and why there are no more of them.
    static void call_for_each(const registered_function& function, code_reader& from,
                              code_writer& result) {
        code_writer values;
        code_writer failure;
        std::uint64_t done = 0;
        try {
            for (std::size_t left = from.get_size(); left != 0; --left, ++done) {
                const std::size_t before = values.written().size();
                try {
                    code_reader one(from.get_bytes(from.get_size()));
                    function.call(one, values);
                } catch (...) {
                    values.shrink(before);
                    throw;
                }
                if (values.written().size() == before) {
                    values.put(std::tuple<>()); // of a function that gives nothing
                }
            }
            failure.put(false);
        } catch (...) {
            failure.put(true);
            registered_exception::encode_current(failure);
        }
        result.put(done);
        result.put_bytes(values.written().bytes());
        result.put_bytes(failure.written().bytes());
    }

    // -- messages --

    void receive() {
        for (;;) {
            switch (message_.receive(reader_)) {
            case incoming_message::progress::whole:
                ring_if(reader_.must_ring());
                return;
            case incoming_message::progress::some:
                ring_if(reader_.must_ring());
                break;
            case incoming_message::progress::none:
                wait_at(reader_, [&] { return reader_.readable() == 0U; });
                break;
            case incoming_message::progress::broken:
                give_up();
            }
        }
    }

    void send(message_kind kind, std::uint64_t number, const code_buffer& body) {
        outgoing_message out(kind, number, body.bytes());
        while (!out.send(writer_)) {
            ring_if(writer_.must_ring());
            if (!writer_.room()) {
                give_up();
            }
            wait_at(writer_, [&] { return writer_.room() == 0U; });
        }
        ring_if(writer_.must_ring());
    }

    [[noreturn]] static void give_up() {
        std::fputs("eddy: a job has written over the memory that its process shares with the "
                   "process pool\n",
                   stderr);
        std::_Exit(1);
    }

    void ring_if(bool needed) const {
        if (needed) {
            sys::eventfd_write(bell_.get());
        }
    }

    template <typename End, typename Nothing>
    void wait_at(End& end, Nothing nothing) {
        if (budget_.look([&] { return !nothing(); })) {
            return;
        }
        if (end.may_sleep()) {
            std::array<std::byte, 16> bells;
            if (sys::read(pipe_.get(), bells).bytes == 0) {
                throw pool_is_gone();
            }
        }
        end.awake();
    }

    owned_fd pipe_;
    owned_fd bell_;
    worker_segment segment_;
    byte_ring_reader<> reader_;
    byte_ring_writer<> writer_;
    incoming_message message_;
    spin_budget budget_;
};

// What made a worker of this process is not for the processes that it starts.
void clean_environment() {
    (void)::unsetenv(worker_variables::link);
    const char* const preload = std::getenv(worker_variables::preload);
    if (preload != nullptr && std::string_view(preload).find("libeddy_worker.so") !=
                                  std::string_view::npos) { // ours is the first one
        const std::string before(preload);
        const std::size_t end = before.find(':');
        if (end == std::string::npos) {
            (void)::unsetenv(worker_variables::preload);
        } else {
            (void)::setenv(worker_variables::preload, before.c_str() + end + 1, 1);
        }
    }
}

int serve(const worker_address& at) {
    if (!sys::die_with_parent(at.parent)) {
        return 0; // it has died meanwhile
    }
    for (const int each : {at.memory, at.pipe, at.bell}) {
        if (sys::keep_from_children(each)) {
            std::fputs("eddy: a worker process was started without its descriptors\n", stderr);
            return 1;
        }
    }
    owned_fd memory(at.memory);
    const auto mapped = sys::map_shared(at.memory, worker_segment::bytes_for(at.ring_bytes));
    if (mapped.empty()) {
        std::fputs("eddy: a worker process cannot map its rings\n", stderr);
        return 1;
    }
    memory.reset();
    return worker(mapped, at).run();
}

} // namespace

std::string worker_address::text() const {
    return std::to_string(memory) + ':' + std::to_string(pipe) + ':' + std::to_string(bell) + ':' +
           std::to_string(parent) + ':' + std::to_string(ring_bytes);
}

std::optional<worker_address> worker_address::parse(std::string_view text) {
    std::array<std::uint64_t, 5> parts{};
    for (std::uint64_t& each : parts) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), each);
        if (error != std::errc()) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        text.remove_prefix(text.starts_with(':') ? 1 : 0);
    }
    return worker_address{.memory = static_cast<int>(parts[0]),
                          .pipe = static_cast<int>(parts[1]),
                          .bell = static_cast<int>(parts[2]),
                          .parent = static_cast<int>(parts[3]),
                          .ring_bytes = static_cast<std::size_t>(parts[4])};
}

void serve_process_pool() {
    if (std::getenv(worker_variables::link) != nullptr) {
        std::exit(eddy_worker_main());
    }
    worker_start::served_by_main();
}

} // namespace eddy::inline v0

extern "C" int eddy_worker_main() {
    using namespace eddy;
    const char* const link = std::getenv(worker_variables::link);
    const auto at = worker_address::parse(link != nullptr ? link : "");
    if (!at) {
        std::fputs("eddy: a worker process was started without a pool\n", stderr);
        return 1;
    }
    clean_environment();
    return serve(*at);
}
