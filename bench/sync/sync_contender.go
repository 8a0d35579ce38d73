// Locks, semaphores, conditions and channels between goroutines: what the benches beside this do, in Go.
//
//	GOMAXPROCS=1 go run bench/sync/sync_contender.go
//	GOMAXPROCS=2 go run bench/sync/sync_contender.go
//
// Prints nanoseconds an operation, the 25th percentile of some rounds. Checks its results.

package main

import (
	"fmt"
	"runtime"
	"sort"
	"sync"
	"time"
)

const (
	rounds  = 15
	turns   = 100000
	waiters = 10000
	room    = 64
)

func check(what string, found, expected int) {
	if found != expected {
		panic(fmt.Sprintf("%s: %d, expected %d", what, found, expected))
	}
}

// Runs `count` operations again and again.
func measure(name string, count int, run func()) {
	var each []float64
	for i := 0; i != rounds; i++ {
		started := time.Now()
		run()
		each = append(each, float64(time.Since(started))/float64(count))
	}
	sort.Float64s(each)
	fmt.Printf("%-28s %9.1f ns\n", name, each[rounds/4])
}

// Runs `body` in so many goroutines.
func together(count int, body func()) {
	var all sync.WaitGroup
	for i := 0; i != count; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			body()
		}()
	}
	all.Wait()
}

func lockAlone() {
	var gate sync.Mutex
	inside := 0
	for i := 0; i != turns; i++ {
		gate.Lock()
		inside++
		gate.Unlock()
	}
	check("times inside", inside, turns)
}

func lockOverYield() {
	var gate sync.Mutex
	inside := 0
	together(4, func() {
		for i := 0; i != turns/4; i++ {
			gate.Lock()
			seen := inside
			runtime.Gosched()
			inside = seen + 1
			gate.Unlock()
		}
	})
	check("times inside", inside, turns)
}

func lockBriefly() {
	var gate sync.Mutex
	inside := 0
	together(4, func() {
		for i := 0; i != turns/4; i++ {
			gate.Lock()
			inside++
			gate.Unlock()
			runtime.Gosched()
		}
	})
	check("times inside", inside, turns)
}

// Go has no semaphore of its own: a channel with room for the permits is one.
func semaphore(users, permits int, hold func()) func() {
	return func() {
		taken := make(chan struct{}, permits)
		together(users, func() {
			for i := 0; i != turns/users; i++ {
				taken <- struct{}{}
				hold()
				<-taken
			}
		})
		check("permits that are out", len(taken), 0)
	}
}

func conditionTurns() {
	var gate sync.Mutex
	changed := sync.NewCond(&gate)
	turn := 0
	player := func(mine int) {
		gate.Lock()
		for i := 0; i != turns/2; i++ {
			for turn%2 != mine {
				changed.Wait()
			}
			turn++
			changed.Signal()
		}
		gate.Unlock()
	}
	var other sync.WaitGroup
	other.Add(1)
	go func() {
		defer other.Done()
		player(1)
	}()
	player(0)
	other.Wait()
	check("turns", turn, turns)
}

// Made, woken and awaited.
func fanOut() {
	set := make(chan struct{})
	woken := make(chan int, waiters)
	for i := 0; i != waiters; i++ {
		go func() {
			<-set
			woken <- 1
		}()
	}
	runtime.Gosched()
	close(set)
	sum := 0
	for i := 0; i != waiters; i++ {
		sum += <-woken
	}
	check("waiters", sum, waiters)
}

func putAndGet() {
	queue := make(chan int, room)
	sum := 0
	for i := 0; i != turns; i++ {
		queue <- 1
		sum += <-queue
	}
	check("items", sum, turns)
}

func manyToMany(senders, receivers int) func() {
	return func() {
		items := make(chan int, room)
		sums := make(chan int, receivers)
		for i := 0; i != receivers; i++ {
			go func() {
				sum := 0
				for item := range items {
					sum += item
				}
				sums <- sum
			}()
		}
		each := turns / senders
		together(senders, func() {
			for i := 0; i != each; i++ {
				items <- i
			}
		})
		close(items)
		sum := 0
		for i := 0; i != receivers; i++ {
			sum += <-sums
		}
		check("sum of the items", sum, senders*each*(each-1)/2)
	}
}

func pingPong() {
	there, back := make(chan int), make(chan int)
	go func() {
		for ball := range there {
			back <- ball
		}
	}()
	hits := 0
	for i := 0; i != turns; i++ {
		there <- i
		if <-back == i {
			hits++
		}
	}
	close(there)
	check("hits", hits, turns)
}

func main() {
	measure("lock alone", turns, lockAlone)
	measure("lock over a yield, 4", turns, lockOverYield)
	measure("lock briefly, 4", turns, lockBriefly)
	measure("permit that is there", turns, semaphore(1, 2, func() {}))
	measure("permits over a yield, 8 of 2", turns, semaphore(8, 2, runtime.Gosched))
	measure("condition, a turn", turns, conditionTurns)
	measure("10 000 waiters", waiters, fanOut)
	measure("put and get", turns, putAndGet)
	for _, sides := range [][2]int{{1, 1}, {2, 2}, {4, 1}, {1, 4}, {4, 4}} {
		measure(fmt.Sprintf("channel %d to %d", sides[0], sides[1]), turns, manyToMany(sides[0], sides[1]))
	}
	measure("channel round trip", turns, pingPong)
}
