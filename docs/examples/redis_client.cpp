// redis_client.cpp — a client of the Redis protocol: many requests on one connection at once.
//
// Shows:     pipelining over a stream: one task writes requests, one reads answers in order, and
//            whoever asked awaits a future.
// Usage:     redis_client PORT
// Output:
//   1000 answers, all of them right
//   the counter is at 1000

#include <eddy/eddy.hpp>
#include <eddy/net.hpp>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

/// One connection; any number of tasks may ask at a time.
class redis_client {
public:
    explicit redis_client(eddy::stream_ends ends)
        : in_(std::move(ends.first)), out_(std::move(ends.second)),
          reading_(eddy::create_task(read_answers(*this))) {}

    /// The answer to a command: a text, a number as text, or nothing for nil.
    eddy::coro<std::string> ask(std::vector<std::string> words) {
        std::string request = "*" + std::to_string(words.size()) + "\r\n";
        for (const std::string& word : words) {
            request += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
        }
        eddy::promise<std::string> asked;
        auto answer = asked.get_future();
        {
            const auto held = co_await gate_.acquire(); // the order here is that of the answers
            waiting_.push_back(std::move(asked));
            out_.write(request);
        }
        co_await out_.drain();
        co_return co_await answer;
    }

    eddy::coro<> close() {
        out_.close();
        co_await reading_;
    }

private:
    static eddy::coro<> read_answers(redis_client& self) {
        for (;;) {
            const auto line = co_await eddy::as_result(self.in_.readuntil("\r\n"));
            if (!line) {
                co_return; // the connection was closed
            }
            std::string answer = line->substr(1, line->size() - 3);
            const char kind = line->front();
            if (kind == '$') {
                const long bytes = std::atol(answer.c_str());
                answer = bytes < 0
                             ? std::string()
                             : co_await self.in_.readexactly(static_cast<std::size_t>(bytes) + 2);
                answer.resize(answer.empty() ? 0 : answer.size() - 2);
            }
            const auto held = co_await self.gate_.acquire();
            eddy::promise<std::string> asked = std::move(self.waiting_.front());
            self.waiting_.pop_front();
            if (kind == '-') {
                (void)asked.set_exception(std::make_exception_ptr(std::runtime_error(answer)));
            } else {
                (void)asked.set_value(std::move(answer));
            }
        }
    }

    eddy::stream_reader in_;
    eddy::stream_writer out_;
    eddy::lock gate_;
    std::deque<eddy::promise<std::string>> waiting_; // guarded by gate_
    eddy::task<void> reading_;
};

eddy::coro<bool> set_and_get(redis_client& client, int i) {
    const std::string key = "key" + std::to_string(i);
    (void)co_await client.ask({"SET", key, std::to_string(i * i)});
    (void)co_await client.ask({"INCR", "counter"});
    co_return co_await client.ask({"GET", key}) == std::to_string(i * i);
}

eddy::coro<> amain(std::uint16_t port) {
    redis_client client(co_await eddy::open_connection("127.0.0.1", port));
    (void)co_await client.ask({"SET", "counter", "0"});
    std::vector<eddy::coro<bool>> all;
    for (int i = 0; i != 1000; ++i) {
        all.push_back(set_and_get(client, i));
    }
    std::size_t right = 0;
    for (const bool each : co_await eddy::gather(std::move(all))) {
        right += each ? 1 : 0;
    }
    std::printf("%zu answers, %s\n", right, right == 1000 ? "all of them right" : "some are wrong");
    std::printf("the counter is at %s\n", (co_await client.ask({"GET", "counter"})).c_str());
    co_await client.close();
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: redis_client PORT\n", stderr);
        return 2;
    }
    eddy::run(amain(static_cast<std::uint16_t>(std::atoi(argv[1]))));
}
