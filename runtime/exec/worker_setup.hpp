// worker_setup.hpp — the first message to a worker process: its name, its limits, its initialiser.

#pragma once

#include <eddy/base/syscall_process.hpp>
#include <eddy/exec/codec.hpp>
#include <eddy/exec/registered_function.hpp>

#include <cstdint>
#include <string>
#include <system_error>

namespace eddy::inline v0 {

struct worker_setup {
    std::string name;
    std::uint64_t memory_bytes_max = 0;
    std::uint64_t cpu_seconds_max = 0;
    std::string initializer; // an encoded call; empty: none

    void encode(code_writer& to) const {
        to.put(name);
        to.put(memory_bytes_max);
        to.put(cpu_seconds_max);
        to.put(initializer);
    }
    static worker_setup decode(code_reader& from) {
        worker_setup out;
        out.name = from.get<std::string>();
        out.memory_bytes_max = from.get<std::uint64_t>();
        out.cpu_seconds_max = from.get<std::uint64_t>();
        out.initializer = from.get<std::string>();
        from.expect_end();
        return out;
    }

    /// In the worker. Throws: std::system_error; what the initialiser throws.
    void apply() const {
        sys::set_thread_name(name.c_str());
        limit(sys::limited::cpu_seconds, cpu_seconds_max);
        limit(sys::limited::address_space_bytes, memory_bytes_max);
        if (!initializer.empty()) {
            code_reader from(std::as_bytes(std::span(initializer)));
            code_writer result;
            registered_function::find(from).call(from, result);
        }
    }

private:
    static void limit(sys::limited what, std::uint64_t most) {
        if (most != 0) {
            if (const std::error_code error = sys::set_limit(what, most)) {
                throw std::system_error(error, "setrlimit");
            }
        }
    }
};

} // namespace eddy::inline v0
