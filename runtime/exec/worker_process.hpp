// worker_process.hpp — a worker process as its pool sees it: how it is started, what was sent to
// it, how it ended.
//
// Threads:    started, read from and closed by the thread of the pool alone; the rest under the
//             pool's lock.
// Memory:     a segment with two rings, and four descriptors.
// Design:     docs/design/process_pool.md

#pragma once

#include "exec/worker_link.hpp"
#include <eddy/exec/process_job.hpp>
#include <eddy/io/fd.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace eddy::inline v0 {

/// One reference to a job.
class job_ref {
public:
    /// Takes over the caller's.
    explicit job_ref(process_job& job) noexcept : job_(&job) {}
    job_ref(const job_ref& other) noexcept : job_(other.job_) {
        if (job_ != nullptr) {
            job_->keep();
        }
    }
    job_ref(job_ref&& other) noexcept : job_(std::exchange(other.job_, nullptr)) {}
    job_ref& operator=(job_ref other) noexcept {
        std::swap(job_, other.job_);
        return *this;
    }
    ~job_ref() {
        if (job_ != nullptr) {
            job_->drop();
        }
    }
    /// The reference is the caller's now.
    [[nodiscard]] process_job& release() noexcept { return *std::exchange(job_, nullptr); }
    process_job& operator*() const noexcept { return *job_; }
    process_job* operator->() const noexcept { return job_; }

private:
    process_job* job_;
};

/// What the environment of a worker says. The same names in the worker.
struct worker_variables {
    static constexpr const char* link = "EDDY_WORKER_PROCESS"; // how to reach the pool
    static constexpr const char* depth = "EDDY_WORKER_DEPTH";  // workers of workers
    static constexpr const char* preload = "LD_PRELOAD";
};

/// How workers of this program are started.
class worker_start {
public:
    /// Throws: broken_process_pool if they cannot be.
    [[nodiscard]] static const std::string& checked_library();
    /// main() begins with serve_process_pool().
    static void served_by_main() noexcept;
    /// How many worker processes there are above this one, this one included.
    [[nodiscard]] static int depth();
};

class worker_process {
public:
    /// Throws: std::system_error.
    worker_process(std::uint64_t id, std::string name, std::size_t ring_bytes);
    ~worker_process();
    worker_process(const worker_process&) = delete;
    worker_process& operator=(const worker_process&) = delete;

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] int pid() const noexcept { return pid_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    /// Readable when the worker has rung.
    [[nodiscard]] int bell() const noexcept { return bell_.get(); }
    /// Readable when it has ended.
    [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }

    // -- under the lock --

    /// Sends `body`, which is kept by `owner`, after what is being sent.
    void send(message_kind kind, std::uint64_t number, std::span<const std::byte> body,
              std::shared_ptr<const void> owner);
    void send(job_ref job);
    /// Goes on sending.
    void pump() noexcept;
    /// Takes it back. False: it may have begun.
    [[nodiscard]] bool withdraw(const process_job& job) noexcept {
        return segment_->claims().withdraw(job.number_);
    }
    /// Whether one more job may be sent.
    [[nodiscard]] bool has_room() const noexcept {
        return jobs.empty() || job_claims::has_room(jobs.front()->number_, last_number_ + 1);
    }
    /// Nothing more will be sent: it ends when it has done what it has.
    void close() noexcept;
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    void kill(const char* why) noexcept;
    /// Why it was killed; empty if it was not.
    [[nodiscard]] const std::string& killed_because() const noexcept { return killed_because_; }

    // -- the thread of the pool --

    /// Reads a piece of the next message.
    incoming_message::progress receive();
    [[nodiscard]] const incoming_message& incoming() const noexcept { return incoming_; }
    [[nodiscard]] code_buffer take_incoming_body() noexcept { return incoming_.take_body(); }
    void reset_incoming() noexcept { incoming_.reset(); }
    [[nodiscard]] bool readable() const noexcept { return !deaf && reader_.readable() != 0U; }
    /// Before and after blocking. False: there is something to read.
    [[nodiscard]] bool may_sleep() noexcept { return reader_.may_sleep() || deaf; }
    void awake() noexcept { reader_.awake(); }
    /// How it ended; EAGAIN: it lives; another error: it has ended, and it is not known how.
    [[nodiscard]] sys::exit_result end() const noexcept {
        return sys::wait_for_child(pidfd_.get());
    }

    // What the pool knows of it, under the lock.
    std::deque<job_ref> jobs; // sent and not answered, the oldest first
    std::size_t jobs_taken = 0;
    bool ready = false;
    bool retiring = false;
    bool deaf = false; // what it writes makes no sense
    std::string start_error;

private:
    struct outgoing {
        outgoing_message message;
        std::shared_ptr<const void> owner;
        std::optional<job_ref> job;
    };

    void ring() noexcept;
    void spawn(std::size_t ring_bytes);

    const std::uint64_t id_;
    const std::string name_;
    owned_fd memory_;
    std::unique_ptr<worker_segment> segment_;
    byte_ring_writer<> writer_;
    byte_ring_reader<> reader_;
    owned_fd pipe_;       // a byte in it wakes the worker, its end ends it
    owned_fd pipe_child_; // kept: a write to a worker that has died is no SIGPIPE
    owned_fd bell_;
    owned_fd pidfd_;
    int pid_ = -1;
    std::deque<outgoing> outbox_;
    incoming_message incoming_;
    std::uint64_t last_number_ = 0;
    bool closed_ = false;
    std::string killed_because_;
};

} // namespace eddy::inline v0
