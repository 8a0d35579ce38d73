// worker_process.cpp — how a worker process is started, and what is sent to it.

#include "exec/worker_process.hpp"

#include "exec/worker_main.hpp"
#include <eddy/base/syscall_process.hpp>
#include <eddy/exec/process_pool_executor.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <utility>

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

namespace eddy::inline v0 {
namespace {

// Made once, before the first worker is started; main() may set it earlier.
constinit atomic<bool> main_serves{false};

// libeddy_worker.so beside the library that this is in; empty if there is none.
std::string find_preload() {
    Dl_info found{};
    if (::dladdr(reinterpret_cast<const void*>(&find_preload), &found) == 0) {
        return {};
    }
    std::error_code error;
    const auto library = std::filesystem::canonical(found.dli_fname, error);
    const auto beside = library.parent_path() / "libeddy_worker.so";
    return !error && std::filesystem::exists(beside, error) ? beside.string() : std::string();
}

owned_fd checked(sys::fd_result made, const char* call) {
    if (made.error) {
        sys::throw_error(call, made.error.value());
    }
    return owned_fd(made.fd);
}

// In a worker the standard streams have the first three numbers, whatever has them here.
owned_fd above_standard(owned_fd fd) {
    return fd.get() > STDERR_FILENO ? std::move(fd)
                                    : checked(sys::dup_above_standard(fd.get()), "dup");
}

owned_fd null_input() {
    return checked(sys::open("/dev/null", O_RDONLY, 0), "open(/dev/null)");
}

std::unique_ptr<worker_segment> map_segment(int memory, std::size_t ring_bytes) {
    const auto mapped = sys::map_shared(memory, worker_segment::bytes_for(ring_bytes));
    if (mapped.empty()) {
        sys::throw_error("mmap", errno);
    }
    return std::make_unique<worker_segment>(mapped, ring_bytes);
}

bool sets(std::string_view variable, const char* name) {
    return variable.starts_with(name) && variable.substr(std::string_view(name).size(), 1) == "=";
}

// Ours, and what makes a worker of a program.
class worker_environment {
public:
    worker_environment(const std::string& preload, const worker_address& address) {
        for (char** each = environ; *each != nullptr; ++each) {
            const std::string_view variable = *each;
            const bool replaced = sets(variable, worker_variables::link) ||
                                  sets(variable, worker_variables::depth) ||
                                  (sets(variable, worker_variables::preload) && !preload.empty());
            if (!replaced) {
                texts_.emplace_back(variable);
            }
        }
        add(worker_variables::link, address.text());
        add(worker_variables::depth, std::to_string(worker_start::depth() + 1));
        if (!preload.empty()) {
            const char* const before = std::getenv(worker_variables::preload);
            add(worker_variables::preload,
                before != nullptr && *before != 0 ? preload + ':' + before : preload);
        }
        for (std::string& each : texts_) {
            pointers_.push_back(each.data());
        }
        pointers_.push_back(nullptr);
    }
    [[nodiscard]] char* const* get() const noexcept { return pointers_.data(); }

private:
    void add(const char* name, const std::string& value) {
        texts_.push_back(std::string(name) + '=' + value);
    }

    std::vector<std::string> texts_;
    std::vector<char*> pointers_;
};

} // namespace

// -- how workers of this program are started --

void worker_start::served_by_main() noexcept {
    main_serves.store(true, relaxed); // init: before any pool is made
}

const std::string& worker_start::checked_library() {
    static const std::string beside = find_preload();
    static const std::string none;
    const bool serves = main_serves.load(relaxed); // init: see served_by_main
    const bool nameable = beside.find_first_of(": ") == std::string::npos;
    if (!nameable && !serves) {
        throw broken_process_pool("no worker process can be started: LD_PRELOAD cannot name " +
                                  beside +
                                  ", for it ends names at blanks and colons. Have libeddy.so in "
                                  "another directory, or begin main() with "
                                  "eddy::serve_process_pool();");
    }
    const std::string& found = nameable ? beside : none;
    if (found.empty() && !serves) {
        throw broken_process_pool(
            "no worker process can be started: this program contains libeddy instead of loading "
            "it, so its main() must begin with eddy::serve_process_pool(); (or libeddy_worker.so "
            "is not beside libeddy.so)");
    }
    return found;
}

int worker_start::depth() {
    const char* const text = std::getenv(worker_variables::depth);
    return text != nullptr ? std::atoi(text) : 0; // NOLINT: what is no number is none
}

// -- one of them --

worker_process::worker_process(std::uint64_t id, std::string name, std::size_t ring_bytes)
    : id_(id), name_(std::move(name)),
      memory_(above_standard(
          checked(sys::shared_memory("eddy-worker", worker_segment::bytes_for(ring_bytes)),
                  "memfd_create"))),
      segment_(map_segment(memory_.get(), ring_bytes)),
      writer_(segment_->to_worker(), segment_->to_worker_bytes()),
      reader_(segment_->to_pool(), segment_->to_pool_bytes()),
      bell_(above_standard(owned_fd(sys::eventfd()))) {
    const sys::fd_pair pipe = sys::child_pipe(sys::our_end::writes);
    if (pipe.error) {
        sys::throw_error("pipe2", pipe.error.value());
    }
    pipe_ = owned_fd(pipe.fds[1]);
    pipe_child_ = above_standard(owned_fd(pipe.fds[0]));
    spawn(ring_bytes);
}

worker_process::~worker_process() = default;

void worker_process::spawn(std::size_t ring_bytes) {
    const worker_address address{.memory = memory_.get(),
                                 .pipe = pipe_child_.get(),
                                 .bell = bell_.get(),
                                 .parent = sys::getpid(),
                                 .ring_bytes = ring_bytes};
    const worker_environment environment(worker_start::checked_library(), address);
    const owned_fd input = null_input();
    const std::array<int, 3> kept{memory_.get(), pipe_child_.get(), bell_.get()};
    std::string program = program_invocation_name;
    std::string argument = name_;
    const std::array<char*, 3> arguments{program.data(), argument.data(), nullptr};
    // A session of its own: ^C at the terminal is for the program, which ends its workers.
    const sys::spawn_result started = sys::spawn({.program = "/proc/self/exe",
                                                  .arguments = arguments.data(),
                                                  .environment = environment.get(),
                                                  .streams = {input.get(), -1, -1},
                                                  .kept_open = kept,
                                                  .session = sys::spawn_session::its_own});
    if (started.error) {
        sys::throw_error("posix_spawn(/proc/self/exe)", started.error.value());
    }
    pid_ = started.pid;
    const sys::fd_result watched = sys::pidfd_open(pid_);
    if (watched.error) {
        sys::kill_and_reap(pid_);
        sys::throw_error("pidfd_open", watched.error.value());
    }
    pidfd_ = owned_fd(watched.fd);
    memory_.reset(); // mapped here, open there
}

void worker_process::ring() noexcept {
    if (pipe_) {
        constexpr std::array<std::byte, 1> bell{};
        (void)sys::write(pipe_.get(), bell); // full: it has not taken the last one yet
    }
}

void worker_process::send(message_kind kind, std::uint64_t number, std::span<const std::byte> body,
                          std::shared_ptr<const void> owner) {
    outbox_.push_back({.message = outgoing_message(kind, number, body),
                       .owner = std::move(owner),
                       .job = std::nullopt});
    pump();
}

void worker_process::send(job_ref job) {
    process_job& sent = *job;
    const std::uint64_t number = last_number_ + 1;
    const auto kind =
        sent.kind_ == process_job::kind::chunk ? message_kind::chunk : message_kind::job;
    outbox_.push_back({.message = outgoing_message(kind, number, sent.call_.bytes(), sent.deadline_,
                                                   sent.context_bytes_),
                       .owner = nullptr,
                       .job = job});
    try {
        jobs.push_back(std::move(job));
    } catch (...) {
        outbox_.pop_back();
        throw;
    }
    last_number_ = number;
    ++jobs_taken;
    sent.worker_ = this;
    sent.number_ = number;
    segment_->claims().offer(number);
    pump();
}

// The end of the pipe would say so, too, but not while a process that was forked has a copy of it.
void worker_process::close() noexcept {
    closed_ = true;
    try {
        send(message_kind::end, 0, {}, nullptr);
    } catch (...) { // no memory
        pipe_.reset();
    }
}

void worker_process::pump() noexcept {
    while (!outbox_.empty()) {
        if (outbox_.front().message.send(writer_)) {
            outbox_.pop_front();
        } else if (writer_.may_sleep()) {
            break; // the worker rings when it has made room
        } else {
            writer_.awake();
            if (!writer_.room()) {
                kill("it has written over what it shares with the pool");
                break;
            }
        }
    }
    if (writer_.must_ring()) {
        ring();
    }
}

void worker_process::kill(const char* why) noexcept {
    if (killed_because_.empty()) {
        try {
            killed_because_ = why;
        } catch (...) { // a long text and no memory: the signal says enough
        }
    }
    (void)sys::pidfd_send_signal(pidfd_.get(), SIGKILL);
}

incoming_message::progress worker_process::receive() {
    const auto how = incoming_.receive(reader_);
    if (how != incoming_message::progress::none && reader_.must_ring()) {
        ring();
    }
    return how;
}

} // namespace eddy::inline v0
