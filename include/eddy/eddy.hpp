// eddy.hpp — everything: includes only.

#pragma once

#include <eddy/base/version.hpp>
#include <eddy/core/async_generator.hpp>
#include <eddy/core/async_iterable.hpp>
#include <eddy/core/await_chain.hpp>
#include <eddy/core/coro.hpp>
#include <eddy/core/errors.hpp>
#include <eddy/core/exception_group.hpp>
#include <eddy/core/foreign_op.hpp>
#include <eddy/core/future.hpp>
#include <eddy/core/gather.hpp>
#include <eddy/core/generator.hpp>
#include <eddy/core/map_concurrent.hpp>
#include <eddy/core/masked.hpp>
#include <eddy/core/outcome.hpp>
#include <eddy/core/race.hpp>
#include <eddy/core/report.hpp>
#include <eddy/core/task.hpp>
#include <eddy/sched/create_task.hpp>
#include <eddy/sched/event_loop.hpp>
#include <eddy/sched/metrics.hpp>
#include <eddy/sched/readable.hpp>
#include <eddy/sched/runtime.hpp>
#include <eddy/sched/sleep.hpp>
#include <eddy/sched/strand.hpp>
#include <eddy/sched/threadsafe.hpp>
#include <eddy/sched/timeout.hpp>
#include <eddy/sched/wait.hpp>
#include <eddy/sync/barrier.hpp>
#include <eddy/sync/condition.hpp>
#include <eddy/sync/event.hpp>
#include <eddy/sync/latch.hpp>
#include <eddy/sync/lock.hpp>
#include <eddy/sync/rw_lock.hpp>
#include <eddy/sync/semaphore.hpp>
