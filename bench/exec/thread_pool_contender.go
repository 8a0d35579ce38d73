// An empty job from one goroutine to four others and back: what thread_pool_bench does, in Go.
//
//	go run bench/exec/thread_pool_contender.go
//
// Prints microseconds a job, and CPU time: the next one as soon as the last one is back (close), after a pause of
// 300 µs that is not timed (apart), and 64 under way (many). Then the same with a goroutine made for each job, which
// is how Go calls what blocks. Checks its results.

package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	jobs     = 64000
	apart    = 1000
	underWay = 64
	pause    = 300 * time.Microsecond
)

type job struct {
	fn   func() int
	back chan int
}

// Runs fn elsewhere and waits for what it gives.
type caller func(fn func() int, back chan int) int

func pool(threads int) (caller, func()) {
	queue := make(chan job, underWay)
	for i := 0; i != threads; i++ {
		go func() {
			for each := range queue {
				each.back <- each.fn()
			}
		}()
	}
	call := func(fn func() int, back chan int) int {
		queue <- job{fn, back}
		return <-back
	}
	return call, func() { close(queue) }
}

func spawn(fn func() int, back chan int) int {
	go func() { back <- fn() }()
	return <-back
}

func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func one() int { return 1 }

// Calls from so many goroutines at once until `count` are done, pausing before each.
func measure(name string, call caller, callers int, count int64, pause time.Duration) {
	var left = count
	var done, inCalls int64
	var all sync.WaitGroup
	started, before := time.Now(), cpu()
	for i := 0; i != callers; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			back := make(chan int, 1)
			for atomic.AddInt64(&left, -1) >= 0 {
				if pause != 0 {
					time.Sleep(pause)
				}
				begun := time.Now()
				atomic.AddInt64(&done, int64(call(one, back)))
				atomic.AddInt64(&inCalls, int64(time.Since(begun)))
			}
		}()
	}
	all.Wait()
	lasted, used := time.Since(started), cpu()-before
	if done != count {
		panic(fmt.Sprintf("%d of %d jobs came back", done, count))
	}
	if pause != 0 {
		lasted = time.Duration(inCalls)
	}
	each := func(sum time.Duration) float64 { return float64(sum) / float64(count) / 1e3 }
	fmt.Printf("%-16s %8.2f us   cpu %8.2f us\n", name, each(lasted), each(used))
}

func main() {
	call, end := pool(4)
	measure("pool close", call, 1, jobs, 0)
	measure("pool apart", call, 1, apart, pause)
	measure("pool many", call, underWay, jobs, 0)
	end()
	measure("spawn close", spawn, 1, jobs, 0)
	measure("spawn apart", spawn, 1, apart, pause)
	measure("spawn many", spawn, underWay, jobs, 0)
}
