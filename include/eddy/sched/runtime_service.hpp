// runtime_service.hpp — what layers above keep in a runtime: made when first asked for, closed
// before the runtime ends.
//
// Threads:    every member function: any thread.
// Invariants: I1  a service is closed once, when the tasks have ended; nothing is made after that.

#pragma once

#include <eddy/base/clock.hpp>
#include <eddy/base/export.hpp>
#include <eddy/base/mutex.hpp>
#include <eddy/sched/event_loop.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace eddy::inline v0 {

class EDDY_API runtime_service {
public:
    runtime_service() noexcept = default;
    runtime_service(const runtime_service&) = delete;
    runtime_service& operator=(const runtime_service&) = delete;
    virtual ~runtime_service();

    /// The runtime closes. May block, for at most `grace`.
    virtual void close(clock::duration grace) noexcept = 0;
};

class EDDY_API runtime_services {
public:
    using maker = std::shared_ptr<runtime_service> (*)();

    /// The service that has `key`, an address of its own; made by `make` if there is none.
    /// Throws: runtime_closed once the runtime closes them; what `make` throws.
    [[nodiscard]] std::shared_ptr<runtime_service> get(const void* key, maker make);
    /// Puts `service` in the place of the one that has `key`, which is given back; null: there was
    /// none. Throws: runtime_closed.
    std::shared_ptr<runtime_service> replace(const void* key,
                                             std::shared_ptr<runtime_service> service);
    /// Closes all, the last one first. For the runtime.
    void close(clock::duration grace) noexcept;

private:
    using entry = std::pair<const void*, std::shared_ptr<runtime_service>>;

    void check_open() const;
    [[nodiscard]] std::shared_ptr<runtime_service>* find(const void* key) noexcept;

    std::mutex gate_;
    std::vector<entry> all_;
    bool closed_ = false;
};

/// Those of the runtime that `of` belongs to.
[[nodiscard]] EDDY_API runtime_services& services_of(event_loop& of) noexcept;

} // namespace eddy::inline v0
