// replaced_new.hpp — operator new for a program that has it fail when it wants to.
//
// To be included by one source file of a program, which defines next_allocation_fails().
// Threads:    all, as any operator new.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace stress {

/// Asked by each allocation.
bool next_allocation_fails() noexcept;

inline void* allocate(std::size_t bytes, std::size_t align) {
    if (next_allocation_fails()) {
        throw std::bad_alloc();
    }
    void* const memory = align == 0
                             ? std::malloc(bytes == 0 ? 1 : bytes)
                             : std::aligned_alloc(align, (bytes + align - 1) / align * align);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

} // namespace stress

void* operator new(std::size_t bytes) {
    return stress::allocate(bytes, 0);
}
void* operator new[](std::size_t bytes) {
    return stress::allocate(bytes, 0);
}
void* operator new(std::size_t bytes, std::align_val_t align) {
    return stress::allocate(bytes, static_cast<std::size_t>(align));
}
void* operator new[](std::size_t bytes, std::align_val_t align) {
    return stress::allocate(bytes, static_cast<std::size_t>(align));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t /*bytes*/) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t /*align*/) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::align_val_t /*align*/) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/, std::align_val_t /*align*/) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t /*bytes*/, std::align_val_t /*align*/) noexcept {
    std::free(memory);
}
