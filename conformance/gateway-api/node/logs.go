package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// What a line may take before it is cut.
const lineBytesMax = 16 << 10

type logLine struct {
	at   time.Time
	text string
}

// containerLog keeps the last lines of a container; whoever follows waits on `more`.
type containerLog struct {
	mutex   sync.Mutex
	max     int
	lines   []logLine
	dropped int // lines that are gone: the sequence number of lines[0]
	closed  bool
	more    chan struct{}
}

func newContainerLog(max int) *containerLog {
	return &containerLog{max: max, more: make(chan struct{})}
}

func (l *containerLog) printf(format string, args ...any) {
	text := strings.TrimSuffix(fmt.Sprintf(format, args...), "\n")
	if len(text) > lineBytesMax {
		text = text[:lineBytesMax]
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.closed {
		return
	}
	l.lines = append(l.lines, logLine{time.Now(), text})
	if over := len(l.lines) - l.max; over > 0 {
		l.lines = l.lines[over:]
		l.dropped += over
	}
	close(l.more)
	l.more = make(chan struct{})
}

// close ends those who follow; nothing is written after it.
func (l *containerLog) close() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.closed {
		l.closed = true
		close(l.more)
	}
}

// from copies the lines from sequence number `next` on: those, the next number, and what to wait for.
func (l *containerLog) from(next int) ([]logLine, int, <-chan struct{}, bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	start := max(next-l.dropped, 0)
	found := append([]logLine(nil), l.lines[min(start, len(l.lines)):]...)
	return found, l.dropped + len(l.lines), l.more, l.closed
}

// logQuery is the part of PodLogOptions that is honoured.
type logQuery struct {
	since      time.Time
	tail       int // -1: all
	limitBytes int // -1: all
	timestamps bool
	follow     bool
}

func parseLogQuery(get func(string) string, now time.Time) (logQuery, error) {
	query := logQuery{tail: -1, limitBytes: -1}
	var err error
	if text := get("sinceTime"); text != "" {
		if query.since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return query, fmt.Errorf("sinceTime: %w", err)
		}
	}
	if text := get("sinceSeconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil || seconds < 0 {
			return query, fmt.Errorf("sinceSeconds: %q is no number of seconds", text)
		}
		query.since = now.Add(-time.Duration(seconds) * time.Second)
	}
	for name, into := range map[string]*int{"tailLines": &query.tail, "limitBytes": &query.limitBytes} {
		if text := get(name); text != "" {
			if *into, err = strconv.Atoi(text); err != nil || *into < 0 {
				return query, fmt.Errorf("%s: %q is no number", name, text)
			}
		}
	}
	query.timestamps = get("timestamps") == "true" || get("timestamps") == "1"
	query.follow = get("follow") == "true" || get("follow") == "1"
	return query, nil
}

// render writes the lines that the query asks for; `room` is what limitBytes leaves, or -1.
func (q logQuery) render(lines []logLine, room int) []byte {
	var out bytes.Buffer
	for _, line := range lines {
		if line.at.Before(q.since) {
			continue
		}
		if q.timestamps {
			out.WriteString(line.at.UTC().Format(time.RFC3339Nano) + " ")
		}
		out.WriteString(line.text + "\n")
	}
	if room >= 0 && out.Len() > room {
		out.Truncate(room)
	}
	return out.Bytes()
}

func serveLog(w http.ResponseWriter, r *http.Request, log *containerLog) {
	query, err := parseLogQuery(r.URL.Query().Get, time.Now())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	lines, next, more, closed := log.from(0)
	if query.tail >= 0 {
		lines = lines[max(len(lines)-query.tail, 0):]
	}
	room := query.limitBytes
	for {
		text := query.render(lines, room)
		if _, err := io.Copy(w, bytes.NewReader(text)); err != nil {
			return
		}
		if room >= 0 {
			room -= len(text)
		}
		if !query.follow || closed || room == 0 {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-more:
		case <-r.Context().Done():
			return
		}
		lines, next, more, closed = log.from(next)
	}
}
