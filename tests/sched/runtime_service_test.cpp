// runtime_service_test.cpp — what layers above keep in a runtime.
//
// Covers:    made once, replaced, closed once and in the reverse order, refused after that.

#include <eddy/sched/runtime_service.hpp>
#include <eddy/testing/co_test.hpp>

#include <string>

namespace eddy {
namespace {

using namespace std::chrono_literals;

class noted final : public runtime_service {
public:
    noted(std::string& log, char name) : log_(log), name_(name) {}
    void close(clock::duration grace) noexcept override {
        log_ += name_;
        log_ += grace == 5s ? '!' : '?';
    }

private:
    std::string& log_;
    char name_;
};

constexpr char first = 0;
constexpr char second = 0;
std::string made;

std::shared_ptr<runtime_service> make() {
    return std::make_shared<noted>(made, 'm');
}

TEST(runtime_services, one_is_made_when_first_asked_for_and_closed_with_the_runtime) {
    made.clear();
    run(
        []() -> coro<> {
            runtime_services& services = services_of(get_running_loop());
            const auto mine = services.get(&first, &make);
            EXPECT_EQ(mine, services.get(&first, &make));
            EXPECT_EQ(made, "");
            co_return;
        }(),
        {.workers = 1, .grace = 5s});
    EXPECT_EQ(made, "m!");
}

TEST(runtime_services, the_last_one_is_closed_first) {
    std::string log;
    run(
        [](std::string& log) -> coro<> {
            runtime_services& services = services_of(get_running_loop());
            EXPECT_EQ(services.replace(&first, std::make_shared<noted>(log, 'a')), nullptr);
            EXPECT_EQ(services.replace(&second, std::make_shared<noted>(log, 'b')), nullptr);
            co_return;
        }(log),
        {.workers = 1, .grace = 5s});
    EXPECT_EQ(log, "b!a!");
}

TEST(runtime_services, one_that_was_replaced_is_given_back_and_not_closed) {
    std::string log;
    run(
        [](std::string& log) -> coro<> {
            runtime_services& services = services_of(get_running_loop());
            (void)services.replace(&first, std::make_shared<noted>(log, 'a'));
            EXPECT_NE(services.replace(&first, std::make_shared<noted>(log, 'b')), nullptr);
            co_return;
        }(log),
        {.workers = 1, .grace = 5s});
    EXPECT_EQ(log, "b!");
}

TEST(runtime_services, nothing_is_made_once_they_are_closed) {
    runtime_services services;
    services.close(0s);
    EXPECT_THROW((void)services.get(&first, &make), runtime_closed);
    EXPECT_THROW((void)services.replace(&first, make()), runtime_closed);
}

} // namespace
} // namespace eddy
