package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// What one object or list may take; a log line or an error page of any length is not read.
	bodyBytesMax = 64 << 20
	requestTime  = 30 * time.Second
	mergePatch   = "application/merge-patch+json"
)

// apiError is a Status that the API server answered with.
type apiError struct {
	Code    int
	Message string
}

func (e *apiError) Error() string { return fmt.Sprintf("%d: %s", e.Code, e.Message) }

func hasCode(err error, code int) bool {
	var known *apiError
	return errors.As(err, &known) && known.Code == code
}

// apiClient speaks JSON with an API server.
type apiClient struct {
	base   string
	token  string
	client *http.Client
}

func (c *apiClient) request(ctx context.Context, method, path, contentType string, body any) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, reader)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "gateproof-node")
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		defer answer.Body.Close()
		raw, _ := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
		var status struct {
			Message string `json:"message"`
		}
		if json.Unmarshal(raw, &status) != nil || status.Message == "" {
			status.Message = method + " " + path + ": " + strings.TrimSpace(string(raw))
		}
		return nil, &apiError{Code: answer.StatusCode, Message: status.Message}
	}
	return answer, nil
}

func (c *apiClient) call(ctx context.Context, method, path, contentType string, body, out any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	answer, err := c.request(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, bodyBytesMax))
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

func (c *apiClient) get(ctx context.Context, path string, out any) error {
	return c.call(ctx, http.MethodGet, path, "", nil, out)
}

func (c *apiClient) create(ctx context.Context, path string, object any) error {
	return c.call(ctx, http.MethodPost, path, "application/json", object, nil)
}

func (c *apiClient) merge(ctx context.Context, path string, patch any) error {
	return c.call(ctx, http.MethodPatch, path, mergePatch, patch, nil)
}

func (c *apiClient) remove(ctx context.Context, path string) error {
	now := map[string]any{"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}
	return c.call(ctx, http.MethodDelete, path, "application/json", now, nil)
}

type watchEvent struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// watch calls back for each event until the server ends the stream, something breaks, or `seen`
// returns an error.
func (c *apiClient) watch(ctx context.Context, path string, seen func(watchEvent) error) error {
	answer, err := c.request(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	reader := bufio.NewReaderSize(answer.Body, 64<<10)
	decoder := json.NewDecoder(reader)
	for {
		var event watchEvent
		if err := decoder.Decode(&event); err != nil {
			return err
		}
		if event.Type == "ERROR" {
			return &apiError{Code: http.StatusGone, Message: string(event.Object)}
		}
		if err := seen(event); err != nil {
			return err
		}
	}
}
