// embedding.cpp — a program that has a loop of its own, here of poll(2), drives eddy's as well.
//
// The host sleeps for both: until its own descriptor or the runtime's is readable, or until the
// runtime's next deadline. Tasks run inside poll_once(), on the host's thread.
//
// Output:
//     host: started
//     task: asked for 20
//     host: is asked for 20
//     task: got 21
//     task: asked for 41
//     host: is asked for 41
//     task: got 42
//     host: the task has ended

#include <eddy/eddy.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>
#include <vector>

#include <poll.h>
#include <unistd.h>

using namespace std::chrono_literals;

// What the host did before there was eddy: it serves requests that come through a pipe.
class host {
public:
    host() {
        if (::pipe(ends_.data()) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe");
        }
    }
    host(const host&) = delete;
    host& operator=(const host&) = delete;
    ~host() {
        (void)::close(ends_[0]);
        (void)::close(ends_[1]);
    }

    [[nodiscard]] int fd() const { return ends_[0]; }

    // The answer is set by serve().
    eddy::future<int> ask(int number) {
        questions_.emplace_back();
        if (::write(ends_[1], &number, sizeof number) != sizeof number) {
            throw std::system_error(errno, std::generic_category(), "write");
        }
        return questions_.back().get_future();
    }
    void serve() {
        int number = 0;
        if (::read(ends_[0], &number, sizeof number) == sizeof number) {
            std::printf("host: is asked for %d\n", number);
            questions_.front().set_value(number + 1);
            questions_.erase(questions_.begin());
        }
    }

private:
    std::array<int, 2> ends_{};
    std::vector<eddy::promise<int>> questions_;
};

eddy::coro<> guest(host& of) {
    int number = 20;
    for (int i = 0; i != 2; ++i) {
        co_await eddy::sleep(10ms);
        std::printf("task: asked for %d\n", number);
        number = co_await of.ask(number);
        std::printf("task: got %d\n", number);
        number = (2 * number) - 1;
    }
}

// poll's timeout for the runtime's next deadline: rounded up, -1 for never.
int poll_timeout(eddy::runtime& rt) {
    const auto deadline = rt.next_deadline();
    if (deadline == eddy::clock::time_point::max()) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - rt.loop().time());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

int main() {
    host mine;
    eddy::runtime rt({.workers = 1});
    const auto task = rt.create_task(guest(mine));
    std::puts("host: started");
    while (!task.done()) {
        std::array<pollfd, 2> waits{{{mine.fd(), POLLIN, 0}, {rt.fd(), POLLIN, 0}}};
        (void)::poll(waits.data(), waits.size(), poll_timeout(rt));
        if (waits[0].revents != 0) {
            mine.serve();
        }
        (void)rt.poll_once();
    }
    std::puts("host: the task has ended");
}
