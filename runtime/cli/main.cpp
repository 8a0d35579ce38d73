// main.cpp — the `eddy` program: chooses the command.

#include "cell.hpp"
#include "cell_process.hpp"
#include "compare_command.hpp"
#include "plan.hpp"
#include <eddy/base/version.hpp>
#include <eddy/exec/process_pool_executor.hpp>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace {

constexpr int exit_usage = 2;

// CLI11 takes what follows `--json` or `--json=` for its value, another option too.
std::string reason_to_refuse_file(const std::string& name) {
    return name.starts_with('-') ? "wants a file, not '" + name + "'; such a file is ./" + name
                                 : std::string();
}

void add_compare(CLI::App& app, eddy::cli::compare_options& options) {
    CLI::App* compare = app.add_subcommand(
        "compare", "Do the same work as threads, processes, coroutines and oneTBB tasks, and say "
                   "what each costs.");
    compare->add_flag_callback(
        "--quick", [&] { options.extent = eddy::cli::extent::quick; },
        "Smaller sizes and three repetitions: a minute.");
    const auto add_file = [&](const char* name, std::string& path, const char* what) {
        compare->add_option(name, path, what)->check(reason_to_refuse_file)->type_name("FILE");
    };
    add_file("--json", options.json_path, "Write machine, versions and all samples.");
    add_file("--html", options.html_path,
             "Write a page with plots, findings and tables; it needs no network.");
    add_file("--baseline", options.baseline_path,
             "Say what has changed since FILE, which --json wrote on this machine. Both want ten "
             "repetitions and a quiet machine. Exit status 4 if something got worse.");
    const std::string group = "To measure a part";
    compare->add_option("--workloads", options.workloads, "Only these workloads.")
        ->delimiter(',')
        ->type_name("NAME")
        ->group(group);
    compare->add_option("--models", options.models, "Only these models.")
        ->delimiter(',')
        ->type_name("NAME")
        ->group(group);
    compare->add_option("--sizes", options.sizes, "Other sizes for a workload; may be repeated.")
        ->type_name("WORKLOAD=N,N")
        ->group(group)
        ->allow_extra_args(false);
    compare->add_option("--repetitions", options.repetitions, "How often each cell is measured.")
        ->check(CLI::Range(1, 1000))
        ->type_name("N")
        ->group(group);
    compare->add_option("--cell-seconds", options.cell_seconds, "How long one cell may take.")
        ->check(CLI::Range(1, 3600))
        ->type_name("N")
        ->group(group);
    compare
        ->add_option("--foreign-cores", options.foreign_cores_max,
                     "With --baseline: a round counts if something else used at most so many "
                     "processors meanwhile; 0.3 unless told.")
        ->check(CLI::NonNegativeNumber)
        ->type_name("N")
        ->group(group);
    compare->footer(eddy::cli::names_and_titles() +
                    "\nExit status: 0; 2 if an option is wrong; 4 if something got worse than in "
                    "the baseline,\n5 if nothing can be said of that; 128 + the signal that ended "
                    "it. What all of it means:\ndocs/perf/compare.md");
}

struct cell_options {
    int parent = 0;
    std::string spec;
};

// The comparison runs this program again for every cell; nobody else needs it.
CLI::App* add_cell(CLI::App& app, cell_options& options) {
    CLI::App* cell = app.add_subcommand(eddy::cli::cell_command)->group("");
    cell->add_option("parent", options.parent)->required();
    cell->add_option("spec", options.spec)->required();
    return cell;
}

} // namespace

int main(int argc, char** argv) {
    eddy::serve_process_pool(); // where this program is a worker process of a cell
    CLI::App app("asyncio for C++, on every core", "eddy");
    app.set_version_flag("--version", "eddy " + std::string(eddy::library_version()));
    eddy::cli::compare_options options;
    add_compare(app, options);
    cell_options cell;
    const CLI::App* cell_command = add_cell(app, cell);
    try {
        app.parse(argc, argv);
        if (cell_command->parsed()) {
            eddy::cli::die_with(cell.parent);
            return eddy::cli::run_cell(cell.spec);
        }
        if (app.get_subcommands().empty()) {
            std::cerr << app.help();
            return exit_usage;
        }
        return eddy::cli::run_compare(options);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_usage;
    } catch (const std::exception& error) {
        std::cerr << "eddy: " << error.what() << '\n';
        return exit_usage;
    }
}
