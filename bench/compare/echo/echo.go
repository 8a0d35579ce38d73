// echo.go — echo by a goroutine per connection.
//
// usage: echo_go [-cores N] [-buffer BYTES]    prints where it listens; ends when stdin does
package main

import (
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
)

func echo(connection net.Conn, bytes int) {
	defer connection.Close()
	buffer := make([]byte, bytes)
	for {
		got, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err = connection.Write(buffer[:got]); err != nil {
			return
		}
	}
}

func main() {
	cores := flag.Int("cores", 1, "how many goroutines run at once")
	bytes := flag.Int("buffer", 4096, "what is received at once, at most")
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
		go echo(connection, *bytes)
	}
}
