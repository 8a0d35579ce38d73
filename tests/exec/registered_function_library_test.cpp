// registered_function_library_test.cpp — functions of a library that only the program has loaded:
// a worker process loads it, too.
//
// Covers:    a job, an initializer; a library that is not there any more.
// Not here:  all else about names -> registered_function_test.cpp.

#include "exec/gate.hpp"
#include <eddy/exec/process_pool_executor.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include <dlfcn.h>

namespace eddy {
namespace {

// The library, loaded from a copy.
class plugin {
public:
    plugin() {
        std::filesystem::copy_file(EDDY_TEST_PLUGIN, path());
        library_ = ::dlopen(path().c_str(), RTLD_NOW);
        if (library_ == nullptr) {
            throw std::runtime_error(::dlerror());
        }
    }
    ~plugin() { ::dlclose(library_); }
    plugin(const plugin&) = delete;
    plugin& operator=(const plugin&) = delete;

    [[nodiscard]] std::string path() const { return folder_.path() + "/plugin.so"; }
    template <typename Fn>
    [[nodiscard]] Fn* function(const char* getter) const {
        return reinterpret_cast<Fn* (*)()>(::dlsym(library_, getter))();
    }

private:
    gate folder_;
    void* library_ = nullptr;
};

TEST(registered_function_library, a_worker_loads_the_library_of_a_function_that_it_does_not_know) {
    process_pool_executor pool(1);
    const plugin loaded; // after the pool, whose workers know nothing of it
    EXPECT_EQ(pool.apply(loaded.function<int(int)>("eddy_test_triple"), 4), 12);
    EXPECT_EQ(pool.apply(loaded.function<int(int)>("eddy_test_triple"), 5), 15);
    const auto where = loaded.function<std::string(std::string)>("eddy_test_loaded_from");
    EXPECT_EQ(pool.apply(where, std::string()), loaded.path());
    pool.shutdown();
}

TEST(registered_function_library, an_initializer_may_be_in_such_a_library) {
    const plugin loaded;
    const auto triple = loaded.function<int(int)>("eddy_test_triple");
    process_pool_executor pool({.processes_max = 1, .initializer = registered_call(triple, 1)});
    EXPECT_EQ(pool.apply(triple, 4), 12);
    pool.shutdown();
}

TEST(registered_function_library, a_library_that_is_not_there_any_more_is_named) {
    process_pool_executor pool(1);
    const plugin loaded;
    std::filesystem::remove(loaded.path());
    try {
        pool.apply(loaded.function<int(int)>("eddy_test_triple"), 4);
        ADD_FAILURE() << "a library was loaded that is not there";
    } catch (const std::exception& error) {
        const std::string text = error.what();
        EXPECT_NE(text.find("plugin::triple is in " + loaded.path()), std::string::npos) << text;
        EXPECT_NE(text.find("cannot load"), std::string::npos) << text;
    }
    pool.shutdown();
}

} // namespace
} // namespace eddy
