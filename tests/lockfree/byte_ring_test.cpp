// byte_ring_test.cpp — bytes come out as they went in, and an end that lies is found out.
//
// Covers:    laps, pieces of every size, full and empty, who is to be rung, positions that make no
//            sense, two threads.
// Not here:  interleavings -> tests/model/byte_ring_model.cpp.

#include <eddy/lockfree/byte_ring.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

namespace eddy {
namespace {

template <std::size_t Capacity>
struct ring {
    byte_ring_ends<> ends;
    std::array<std::byte, Capacity> storage{};
    byte_ring_writer<> writer{ends, storage};
    byte_ring_reader<> reader{ends, storage};
};

std::vector<std::byte> numbered(std::size_t count, std::size_t from = 0) {
    std::vector<std::byte> out(count);
    for (std::size_t i = 0; i != count; ++i) {
        out[i] = static_cast<std::byte>((from + i) * 7);
    }
    return out;
}

TEST(byte_ring, takes_what_there_is_room_for_and_gives_it_back_in_order) {
    ring<8> r;
    EXPECT_EQ(r.writer.room(), 8U);
    EXPECT_EQ(r.writer.write(numbered(5)), 5U);
    EXPECT_EQ(r.writer.write(numbered(5, 5)), 3U);
    EXPECT_EQ(r.writer.write(numbered(1)), 0U);
    EXPECT_EQ(r.reader.readable(), 8U);
    std::vector<std::byte> out(20);
    EXPECT_EQ(r.reader.read(std::span(out).first(3)), 3U);
    EXPECT_EQ(r.reader.read(std::span(out).subspan(3)), 5U);
    EXPECT_EQ(r.reader.read(out), 0U);
    out.resize(8);
    EXPECT_EQ(out, numbered(8));
}

TEST(byte_ring, goes_round_in_pieces_of_every_size) {
    ring<16> r;
    std::size_t written = 0;
    std::size_t read = 0;
    for (std::size_t piece = 1; written < 5000; piece = piece % 19 + 1) {
        written += r.writer.write(numbered(piece, written));
        std::vector<std::byte> out((piece * 5) % 17);
        out.resize(r.reader.read(out));
        EXPECT_EQ(out, numbered(out.size(), read));
        read += out.size();
        EXPECT_EQ(r.reader.readable(), written - read);
    }
}

TEST(byte_ring, a_reader_that_waits_is_rung_once) {
    ring<8> r;
    EXPECT_FALSE(r.writer.must_ring());
    EXPECT_TRUE(r.reader.may_sleep());
    (void)r.writer.write(numbered(1));
    EXPECT_TRUE(r.writer.must_ring());
    EXPECT_FALSE(r.writer.must_ring());
    EXPECT_FALSE(r.reader.may_sleep()); // there is something
    r.reader.awake();
    EXPECT_FALSE(r.writer.must_ring());
}

TEST(byte_ring, a_writer_that_waits_is_rung_once) {
    ring<8> r;
    EXPECT_FALSE(r.writer.may_sleep());
    r.writer.awake();
    (void)r.writer.write(numbered(8));
    EXPECT_TRUE(r.writer.may_sleep());
    std::byte out{};
    (void)r.reader.read(std::span(&out, 1));
    EXPECT_TRUE(r.reader.must_ring());
    EXPECT_FALSE(r.reader.must_ring());
}

// The other process has written something over what is shared.
TEST(byte_ring, positions_that_make_no_sense_are_found_out) {
    for (const int fill : {0xff, 0x01, 0x80}) {
        ring<8> r;
        (void)r.writer.write(numbered(3));
        std::memset(static_cast<void*>(&r.ends), fill, sizeof r.ends);
        EXPECT_EQ(r.writer.room(), std::nullopt);
        EXPECT_EQ(r.writer.write(numbered(8)), 0U);
        EXPECT_EQ(r.reader.readable(), std::nullopt);
        std::array<std::byte, 8> out{};
        EXPECT_EQ(r.reader.read(out), 0U);
        EXPECT_FALSE(r.reader.may_sleep());
        EXPECT_FALSE(r.writer.may_sleep());
    }
}

TEST(byte_ring, two_threads_move_a_long_stream) {
    constexpr std::size_t total = 300'000;
    ring<64> r;
    std::thread writes([&] {
        for (std::size_t done = 0; done != total;) {
            done +=
                r.writer.write(numbered(std::min<std::size_t>(total - done, done % 90 + 1), done));
        }
    });
    for (std::size_t done = 0; done != total;) {
        std::vector<std::byte> out(done % 70 + 1);
        out.resize(r.reader.read(out));
        ASSERT_EQ(out, numbered(out.size(), done));
        done += out.size();
    }
    writes.join();
}

} // namespace
} // namespace eddy
