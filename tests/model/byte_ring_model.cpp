// byte_ring_model.cpp — the real byte_ring with ends that block: every byte arrives, once, in
// order, and nobody sleeps while there is something to do for him.
//
// Covers:    a ring smaller than the message, both ends asleep, several laps.
//            Planted: each side of both handshakes below seq_cst, no second look before sleeping,
//            no ring after a move, the tail before the bytes.
// Not here:  sizes, lies, real threads -> tests/lockfree/byte_ring_test.cpp.

#include "model_test.hpp"
#include <eddy/lockfree/byte_ring.hpp>

#include <array>
#include <cstddef>

namespace eddy::model {
namespace {

enum class mistake { none, no_second_look, reader_does_not_ring, writer_does_not_ring };

// Capacity 2; a message of `Bytes`, written and read in pieces of 2.
template <std::size_t Bytes, mistake Mistake = mistake::none>
struct stream_program {
    static constexpr unsigned threads = 2;

    byte_ring_ends<model_sync> ends;
    std::array<ring_byte<model_sync>, 2> storage;
    byte_ring_writer<model_sync> writer{ends, storage};
    byte_ring_reader<model_sync> reader{ends, storage};
    event writer_bell;
    event reader_bell;
    std::size_t read = 0;

    void thread(unsigned k) { k == 0 ? write_all() : read_all(); }
    void check() const { require(read == Bytes, "a byte was lost"); }

private:
    void write_all() {
        for (std::size_t done = 0; done != Bytes;) {
            const std::array<std::byte, 2> piece{value(done), value(done + 1)};
            const std::size_t moved =
                writer.write(std::span(piece).first(std::min<std::size_t>(2, Bytes - done)));
            done += moved;
            if (moved == 0) {
                sleep(writer, writer_bell);
            } else if (writer.must_ring() && Mistake != mistake::writer_does_not_ring) {
                reader_bell.set();
            }
        }
    }
    void read_all() {
        while (read != Bytes) {
            std::array<std::byte, 2> piece{};
            const std::size_t moved = reader.read(piece);
            for (std::size_t i = 0; i != moved; ++i) {
                require(piece[i] == value(read++), "a byte is wrong");
            }
            if (moved == 0) {
                sleep(reader, reader_bell);
            } else if (reader.must_ring() && Mistake != mistake::reader_does_not_ring) {
                writer_bell.set();
            }
        }
    }
    template <typename End>
    void sleep(End& end, event& bell) {
        const bool empty = end.may_sleep();
        if (empty || Mistake == mistake::no_second_look) {
            bell.wait();
        }
        end.awake();
    }
    static std::byte value(std::size_t index) { return static_cast<std::byte>(index + 1); }
};

using fits = stream_program<2>;
using three = stream_program<3>;
using five = stream_program<5>;

limits planted(const char* function, access kind, order was, order becomes) {
    return {.weakened = {{function, kind, was, becomes}}};
}

TEST(byte_ring, every_byte_arrives_in_order_and_nobody_sleeps_for_ever) {
    expect_correct<fits>("capacity 2: 2 bytes", {.preemptions = 4});
    expect_correct<three>("capacity 2: 3 bytes", {.preemptions = 3});
    expect_correct<five>("capacity 2: 5 bytes", {.preemptions = 2});
}

TEST(byte_ring_faults, an_end_that_does_not_look_again_is_caught) {
    expect_caught<stream_program<3, mistake::no_second_look>>("no second look");
}

TEST(byte_ring_faults, an_end_that_does_not_ring_is_caught) {
    expect_caught<stream_program<3, mistake::reader_does_not_ring>>("the reader does not ring");
    expect_caught<stream_program<3, mistake::writer_does_not_ring>>("the writer does not ring");
}

TEST(byte_ring_faults, bytes_that_are_not_published_are_caught) {
    expect_caught<fits>("tail_ relaxed", planted("::write(", access::store, seq_cst, relaxed));
}

TEST(byte_ring_faults, a_handshake_below_seq_cst_is_caught) {
    expect_caught<three>("tail_ release", planted("::write(", access::store, seq_cst, release));
    expect_caught<three>("head_ release", planted("::read(", access::store, seq_cst, release));
    expect_caught<three>("an announcement by release",
                         planted("::may_sleep(", access::store, seq_cst, release));
    expect_caught<three>("a look for a sleeper by acquire",
                         planted("::must_ring(", access::load, seq_cst, acquire));
    expect_caught<three>("a second look at tail_ by acquire",
                         planted("::readable(", access::load, seq_cst, acquire));
    expect_caught<three>("a second look at head_ by acquire",
                         planted("::room(", access::load, seq_cst, acquire));
}

} // namespace
} // namespace eddy::model
