// pipe.hpp — a pipe between processes, with calls that move a whole value or throw.

#pragma once

#include <cstddef>
#include <type_traits>

namespace eddy::compare {

/// Where a pipe is read, for any process of this user.
struct pipe_place {
    int process = 0;
    int descriptor = -1;

    /// Reads one byte and drops it; blocks until there is one.
    void take_byte() const;
};

class pipe {
public:
    pipe();
    pipe(const pipe&) = delete;
    pipe& operator=(const pipe&) = delete;
    ~pipe();

    void close_read_end() noexcept;
    void close_write_end() noexcept;

    template <typename T>
        requires std::is_trivially_copyable_v<T>
    void write(const T& value) const {
        write_bytes(&value, sizeof(T));
    }

    template <typename T>
        requires std::is_trivially_copyable_v<T>
    [[nodiscard]] T read() const {
        T value{};
        read_bytes(&value, sizeof(T));
        return value;
    }

    [[nodiscard]] pipe_place place() const noexcept;

    /// Reads and drops `count` bytes.
    void skip(std::size_t count) const;

    /// Blocks until every write end is closed.
    void wait_for_end() const;

private:
    void write_bytes(const void* data, std::size_t count) const;
    void read_bytes(void* data, std::size_t count) const;

    int read_end_ = -1;
    int write_end_ = -1;
};

} // namespace eddy::compare
