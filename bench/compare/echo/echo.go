// echo.go — echo by a goroutine per connection.
//
// usage: echo_go [-cores N] [-buffer BYTES] [-burn-us N]    prints where it listens; ends when stdin does
package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"
)

const burnMark = 0x6e72756220796464 // common.hpp

func burnIfAsked(message []byte, burn time.Duration) {
	if burn > 0 && len(message) >= 8 && binary.LittleEndian.Uint64(message) == burnMark {
		for end := time.Now().Add(burn); time.Now().Before(end); {
		}
	}
}

func echo(connection net.Conn, bytes int, burn time.Duration) {
	defer connection.Close()
	buffer := make([]byte, bytes)
	for {
		got, err := connection.Read(buffer)
		if err != nil {
			return
		}
		burnIfAsked(buffer[:got], burn)
		if _, err = connection.Write(buffer[:got]); err != nil {
			return
		}
	}
}

func main() {
	cores := flag.Int("cores", 1, "how many goroutines run at once")
	bytes := flag.Int("buffer", 4096, "what is received at once, at most")
	burn := flag.Int("burn-us", 0, "processor time that a marked request takes")
	flag.Parse()
	runtime.GOMAXPROCS(*cores)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo_go:", err)
		os.Exit(1)
	}
	fmt.Printf("tcp:%d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	for {
		connection, err := listener.Accept()
		if err != nil {
			continue
		}
		go echo(connection, *bytes, time.Duration(*burn)*time.Microsecond)
	}
}
