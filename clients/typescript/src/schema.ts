/** Made from openapi.yaml by `npm run openapi`. */

export interface paths {
    "/parse-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submit links to books
         * @description Takes 1 to 10,000 links, at most 2 MiB: a JSON array, an object with `urls` and options, or text with one link a line. A library export as `text/csv` has at most 50,000 rows and 32 MiB; its Book Ids or ISBNs are kept, and nothing else of it. One job is made for each book that has no fresh copy and no live job; duplicates in one request collapse. With `dryRun` nothing is made, and the answer tells what would be. Options in the body win over those in the query string.
         */
        post: operations["parseLinks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/book-info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find a book by link, number, ISBN or ASIN
         * @description Exactly one of `url`, `id` and `isbn`. Answers out of the store, and never waits for Goodreads unless `Prefer: wait` asks for it.
         */
        get: operations["getBookInfo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search stored books
         * @description Finds books by words of title, author and series, and by ISBN. A book has all the words; the last may be the beginning of one. Case and accents do not matter. Best are the title or the ISBN itself, then titles that begin like the query, other titles, authors, series. Of two alike, the one with more ratings comes first. Goodreads is not asked.
         */
        get: operations["searchBooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/find": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Find a book by words, ISBN or ASIN
         * @description Searches the stored books as `GET /books/search` does. With `source=goodreads` a worker also asks the search box of Goodreads, which proposes five books at most. The answer waits 8 s for it at most, and is 200 without it too: see `source` and `reason`. Equal questions share one request, whose answer is kept for 24 hours. Nothing is submitted.
         */
        get: operations["find"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List stored books
         * @description In ascending order of their numbers.
         */
        get: operations["listBooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export stored books
         * @description A file with every stored book, in ascending order of their numbers.
         */
        get: operations["exportBooks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books/{bookId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a book
         * @description As `GET /book-info?id=`: out of the store, or how its job stands.
         */
        get: operations["getBook"];
        put?: never;
        post?: never;
        /**
         * Delete a book
         * @description Removes the stored copy, or the memory that Goodreads has no such book; also its search entry, its pages that were not recognised, and kept answers of Goodreads that name it. A live job of the book goes on. docs/privacy.md tells what stays.
         */
        delete: operations["deleteBook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books/{bookId}/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Refresh a book
         * @description Queues its job ahead of other work, whatever the age of the copy. The copy is served meanwhile.
         */
        post: operations["refreshBook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/books/{bookId}/page": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Upload the page of a book
         * @description A page that you saved in a browser. Quire parses it like a crawled page and keeps it by the same rules: a newer or richer copy stays. Items that wait for the book are settled.
         */
        put: operations["putPage"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/pages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload saved pages
         * @description Pages that people saved in a browser: one page, many as `multipart/form-data`, or a zip, HAR or WARC archive (also gzipped). At most 32 MiB a request, 8 MiB a page, 5,000 entries and 256 MiB of pages an archive. The page of a book is read as `PUT /books/{bookId}/page` reads it, and settles the items that wait for the book. The books of a page that lists books (a list, a series, an author, a shelf) become items of one batch, at most 10,000 a request. A page from a HAR or WARC archive counts as fetched when the archive says so. Cookies, headers and tokens in archives are not looked at. A page that cannot be read spoils no other: the answer tells of every page.
         */
        post: operations["uploadPages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List batches
         * @description The newest first; `state` filters. Items that are being fetched or wait for a retry count as `queued` here: `GET /batches/{batchId}` tells them apart.
         */
        get: operations["listBatches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batchId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a batch
         * @description The counts add up to `total` at every instant, and a batch always ends. `Retry-After` says when a running batch is worth another look.
         */
        get: operations["getBatch"];
        put?: never;
        post?: never;
        /**
         * Cancel a batch
         * @description Its items that are not settled end as `cancelled`, in any process: jobs that no other batch waits for are removed, and a running fetch is aborted. A batch that has ended stays as it is.
         */
        delete: operations["cancelBatch"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batchId}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a batch's items
         * @description In the order of the submission; `state` filters.
         */
        get: operations["listBatchItems"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batchId}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export a batch's books
         * @description A file with every stored book of the batch, in the order of the submission. `GET /batches/{batchId}/items?state=failed` tells what is missing.
         */
        get: operations["exportBatch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batchId}/links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add links to an open batch
         * @description The bodies and limits of `POST /parse-links`; the options are those of the batch. Equal links collapse, and a book that the batch has already is a `duplicate`. When a request fails half-way, some of its links may be in the batch: send all of them again.
         */
        post: operations["addLinks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batchId}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close an open batch
         * @description The batch takes no more links, and ends with its last item. One that is not open stays as it is. A batch closes by itself 24 h after the last addition.
         */
        post: operations["closeBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/batches/{batchId}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream a batch's events
         * @description Server-Sent Events: an `item` event (the fields of an item, and `at`) for each item that settles after the submission, with ids that count up from 1, and `batch` events (the fields of the batch) at the start, about once a second, and at the end. `Last-Event-ID` goes on after that event without gap or double. Closes when the batch has ended; 204 when there is nothing more to come.
         */
        get: operations["streamBatchEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List failed jobs
         * @description The newest first; `reason` filters by the code of the error.
         */
        get: operations["listJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/waiting": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List waiting jobs
         * @description Those first for which most items of batches wait, then the oldest: while the source is blocked, the pages that are worth saving by hand. Of very many waiting jobs only some hundred are looked at.
         */
        get: operations["listWaitingJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{jobId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a job
         * @description The latest job of a book: its state, the attempts used, the last error, and a timeline in sentences.
         */
        get: operations["getJob"];
        put?: never;
        post?: never;
        /**
         * Cancel a job
         * @description For every batch that waits for it, in any process; a running fetch is aborted. A job that is settled stays as it is.
         */
        delete: operations["cancelJob"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{jobId}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry a job
         * @description Queues a job that failed, was cancelled or found no book, with all its attempts.
         */
        post: operations["retryJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/failures/redrive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry failed jobs
         * @description The newest first; `reason` filters by the code of the error, `limit` says how many at most. Fewer are queued when the queue is full. The body may be left out.
         */
        post: operations["redriveFailures"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description The oldest first, at most 100. Webhooks that batches bring along are not listed.
         */
        get: operations["listWebhooks"];
        put?: never;
        /**
         * Create a webhook
         * @description Quire sends events to its URL, by the Standard Webhooks specification: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The secret is shown in this answer and never again.
         */
        post: operations["createWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhookId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a webhook
         * @description Its URL, its events, and whether it is enabled. The secret is not shown.
         */
        get: operations["getWebhook"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook
         * @description Quire sends it no more events, and makes no call that still waits.
         */
        delete: operations["deleteWebhook"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhookId}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate a webhook's secret
         * @description For 24 h every call carries two signatures: by the new secret and by the old one. The new secret is shown in this answer and never again.
         */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhookId}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enable a webhook
         * @description Quire calls it again. A receiver that answers 410 Gone disables its webhook; events that happen while it is disabled are not sent.
         */
        post: operations["enableWebhook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events/types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the types of events
         * @description What webhooks can hear of, each with a JSON Schema of its `data`.
         */
        get: operations["listEventTypes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhookId}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a webhook's deliveries
         * @description The latest event first. Deliveries are kept for 7 days: of each webhook the latest 1,000 settled and 10,000 pending ones, about. The webhook counts those that were dropped.
         */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List a batch's deliveries
         * @description What the batch's own webhook was sent: one delivery, or none as long as the batch has not ended.
         */
        get: operations["listBatchDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{deliveryId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a delivery
         * @description Its payload, and each attempt with the status of the answer, or with what went wrong. Nothing else of an answer is kept.
         */
        get: operations["getDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{deliveryId}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a delivery again
         * @description At once, with the same `webhook-id` and payload, whatever its state. Failed attempts are repeated as for a new delivery.
         */
        post: operations["redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the source
         * @description How Goodreads treats us just now. While the source is blocked or unreachable, single probes go with growing delays, no job loses an attempt, and stored copies are served.
         */
        get: operations["getSource"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/source/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the ledger of requests
         * @description Requests to Goodreads, their bytes and outcomes, by hour and by day. Kept for 90 days; hours in which nothing was asked are left out.
         */
        get: operations["getLedger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parser/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the parser's health
         * @description Whether pages still carry what they used to: the last 6 hours against the 7 days before, field by field, and family by family for pages that list books. `drifting` when the share of pages with a field fell, its layer changed, or many pages are not recognised.
         */
        get: operations["getParserHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{jobId}/page": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the page that a job failed on
         * @description What the source sent when the page was not recognised, as plain text to save, never as a document that a browser would run. The latest 200 such pages are kept for a week.
         */
        get: operations["getJobPage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys
         * @description The oldest first: those of the store, then those of `API_KEYS_FILE`, then those of `API_KEYS`. The last 100 revoked ones stay listed.
         */
        get: operations["listKeys"];
        put?: never;
        /**
         * Create a key
         * @description The key itself is shown in this answer and never again: Quire keeps its hash. From the first key on, every request needs a key. So the first one must have the scope `admin`.
         */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{keyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description From now on the key opens nothing, in any process, and its sessions are over.
         */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what admins did
         * @description Each change that needs the scope `admin`, the latest first. Entries are kept for 90 days, and about 10,000 of them.
         */
        get: operations["audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell who asks
         * @description Whether keys are needed, and what the key or the session of this request may do. Needs no key.
         */
        get: operations["getSession"];
        put?: never;
        /**
         * Sign in with a key
         * @description For the web page: the answer sets a cookie that opens what the key opens. The session ends after 12 hours, with the key, or by `DELETE /session`. Without keys no cookie is needed, and none is set.
         */
        post: operations["signIn"];
        /**
         * Sign out
         * @description Ends the session of the cookie in every process. Without a session it does nothing.
         */
        delete: operations["signOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask whether the process runs
         * @description Asks nothing but the process itself: a restart would not bring a store back. Needs no key, and no Host.
         */
        get: operations["livez"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Ask whether the process takes requests
         * @description 503 while the store is away or takes no writes, or the process drains, with each check in `checks`. A write is tried at most once in 3 s. A blocked source does not make it unready. Needs no key, and no Host.
         */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get metrics for Prometheus
         * @description The text format, or OpenMetrics where `Accept` prefers it. While the store is away, metrics that need it are left out, and `quire_store_up` is 0.
         */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the backlog
         * @description For autoscalers and people: live jobs by state, age of the oldest waiting one, jobs that ended today, books stored.
         */
        get: operations["stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/errors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List all errors
         * @description A page with a link to each error. Needs no key.
         */
        get: operations["listErrors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/errors/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain an error
         * @description The page that the `type` of a problem leads to. Needs no key.
         */
        get: operations["getError"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show the page
         * @description The page on which people submit links, watch batches and read books. Needs no key; it asks for one.
         */
        get: operations["home"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get this document as JSON
         * @description OpenAPI 3.1.
         */
        get: operations["openapiJson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.yaml": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get this document as YAML
         * @description OpenAPI 3.1.
         */
        get: operations["openapiYaml"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An error, RFC 9457. */
        Problem: {
            /** @description URI of the page that documents the error; it ends in the code. `about:blank` when the status says it all. */
            type: string;
            /** @description What the code means, the same each time. */
            title: string;
            /** @description The HTTP status of the answer. */
            status: number;
            /** @description What went wrong this time, and what to do. */
            detail: string;
            /** @description The request id, as in the `x-request-id` header and the log. */
            instance: string;
            /**
             * @description The last part of `type`.
             * @enum {string}
             */
            code?: "invalid-request" | "invalid-book-url" | "no-valid-links" | "unauthorized" | "forbidden" | "not-found" | "book-unknown" | "job-unknown" | "batch-unknown" | "webhook-target-refused" | "webhook-unknown" | "delivery-unknown" | "webhook-disabled" | "too-many-webhooks" | "key-unknown" | "too-many-keys" | "batch-closed" | "not-acceptable" | "method-not-allowed" | "idempotency-conflict" | "body-too-large" | "unsupported-media-type" | "idempotency-mismatch" | "page-refused" | "rate-limited" | "quota-exceeded" | "book-not-found" | "page-not-recognised" | "crawl-failed" | "blocked" | "disallowed" | "poison" | "cancelled" | "internal-error" | "store-unavailable" | "overloaded" | "not-ready";
            /** @description Each fault in the request. */
            errors?: {
                /** @description JSON pointer (RFC 6901) to the fault; `/query/…` for query parameters. */
                pointer: string;
                /** @description What is wrong there. */
                detail: string;
            }[];
            /** @description The job that failed. */
            jobId?: string;
            lastError?: components["schemas"]["LastError"];
            /** @description Only from `/readyz`: each check, with `ok` or what is wrong. */
            checks?: {
                [key: string]: string;
            };
        };
        /**
         * @description What a book page tells. A field the page does not carry is `null` or `[]`, never an empty string, `0` or a guess.
         * @example {
         *       "title": "The Cartographer of Quiet Rivers",
         *       "author": "Mara Ellwood",
         *       "rating": 4.12,
         *       "description": "A mapmaker follows a river that no map shows.\n\nThe first volume of the Quiet Rivers.",
         *       "id": "2767052",
         *       "url": "https://www.goodreads.com/book/show/2767052",
         *       "workId": "4001",
         *       "originalTitle": null,
         *       "authors": [
         *         {
         *           "id": "9001",
         *           "name": "Mara Ellwood",
         *           "role": null,
         *           "url": "https://www.goodreads.com/author/show/9001"
         *         },
         *         {
         *           "id": "9002",
         *           "name": "Tomas Reyl",
         *           "role": "Illustrator",
         *           "url": "https://www.goodreads.com/author/show/9002"
         *         }
         *       ],
         *       "series": [
         *         {
         *           "id": "501",
         *           "title": "Quiet Rivers",
         *           "position": "1"
         *         }
         *       ],
         *       "ratingsCount": 15321,
         *       "reviewsCount": 1204,
         *       "ratingsDistribution": [
         *         120,
         *         340,
         *         2100,
         *         6200,
         *         6561
         *       ],
         *       "format": "Hardcover",
         *       "pages": 374,
         *       "publisher": "Lantern House",
         *       "publishedDate": "2008-09-14",
         *       "originalPublishedYear": 2008,
         *       "language": "English",
         *       "isbn10": "0439023483",
         *       "isbn13": "9780439023481",
         *       "asin": null,
         *       "genres": [
         *         "Fantasy",
         *         "Young Adult"
         *       ],
         *       "coverUrl": null,
         *       "awards": [],
         *       "layout": "next",
         *       "sources": {
         *         "title": "next-data",
         *         "author": "next-data"
         *       },
         *       "fetchedAt": "2026-03-01T12:00:00.000Z",
         *       "via": "crawl"
         *     }
         */
        Book: {
            /** @description The title of this edition. */
            title: string;
            /** @description The first author's name. */
            author: string;
            /** @description `null` while nobody has rated the book. */
            rating: number | null;
            /** @description Plain text; paragraphs are set apart by an empty line. */
            description: string | null;
            /** @description Goodreads' book number. */
            id: string;
            /**
             * Format: uri
             * @description The page of the book at Goodreads.
             */
            url: string;
            /** @description Goodreads' number of the work this book is an edition of. */
            workId: string | null;
            /** @description The title under which the work first appeared. */
            originalTitle: string | null;
            /** @description Authors first, then translators, illustrators and others, in the order of the page. */
            authors: {
                /** @description Goodreads' number of the author. */
                id: string | null;
                /** @description The name, as the page has it. */
                name: string;
                /** @description `null` for an author, else the page's own word. */
                role: string | null;
                /** @description The author's page. */
                url: string | null;
            }[];
            /** @description The series that the book belongs to. */
            series: {
                /** @description Goodreads' number of the series. */
                id: string | null;
                /** @description The name of the series. */
                title: string;
                /** @description The place in the series: "1", "1.5", "1-3". */
                position: string | null;
            }[];
            /** @description Ratings, over all editions of the work. */
            ratingsCount: number | null;
            /** @description Reviews, over all editions of the work. */
            reviewsCount: number | null;
            /** @description How many gave one to five stars, in that order; `[]` where the page does not say. */
            ratingsDistribution: number[];
            /** @description The binding, such as `Hardcover`. */
            format: string | null;
            /** @description Pages of this edition. */
            pages: number | null;
            /** @description The publisher of this edition. */
            publisher: string | null;
            /** @description When this edition appeared, as precise as the page: `2008`, `2008-09`, `2008-09-14`. */
            publishedDate: string | null;
            /** @description When the work first appeared; negative before the common era. */
            originalPublishedYear: number | null;
            /** @description The language of this edition, as the page names it. */
            language: string | null;
            /** @description ISBN-10, without hyphens. */
            isbn10: string | null;
            /** @description ISBN-13, without hyphens. */
            isbn13: string | null;
            /** @description Amazon's number of a Kindle edition. */
            asin: string | null;
            /** @description Genres, in the order of the page. */
            genres: string[];
            /** @description The picture of the cover. */
            coverUrl: string | null;
            /** @description Awards of the work. */
            awards: string[];
            /**
             * Format: date-time
             * @description When the page was fetched, or sent by a user.
             */
            fetchedAt: string;
            /**
             * @description `crawl`: Quire fetched the page. `upload`: a user saved the page and sent it.
             * @enum {string}
             */
            via: "crawl" | "upload";
            /**
             * @description The generation of the Goodreads page that the book was read from.
             * @enum {string}
             */
            layout: "legacy" | "next";
            /** @description For each field that was found, the layer of the page that gave it. */
            sources: {
                [key: string]: "next-data" | "json-ld" | "test-id" | "legacy" | "open-graph";
            };
        };
        /**
         * LastError
         * @description Why the latest attempt of the job failed.
         */
        LastError: {
            /** @description The code of the error, as listed at `/errors`. */
            code: string;
            /** @description What went wrong, in a sentence. */
            detail: string;
        };
        /**
         * Links
         * @description Links to books and collections of books, in any form that Goodreads uses; bare book numbers, ISBNs and ASINs.
         * @example [
         *       "https://www.goodreads.com/book/show/2767052-the-hunger-games",
         *       "https://www.goodreads.com/book/isbn/9780439023481"
         *     ]
         */
        Links: string[];
        /**
         * Priority
         * @description `interactive` overtakes `normal`, which overtakes `bulk`.
         * @default normal
         * @enum {string}
         */
        Priority: "interactive" | "normal" | "bulk";
        /**
         * Until
         * @description Which books a batch looks for: a field and exactly one comparison. The batch ends with the last of them.
         * @example {
         *       "field": "rating",
         *       "gte": 4.5,
         *       "count": 3
         *     }
         */
        Until: {
            /**
             * @description A field of the Book. A list is satisfied when one of its elements is; of `authors` the names are compared, of `series` the titles. A field that the book does not have satisfies only `equals: null`.
             * @enum {string}
             */
            field: "title" | "author" | "rating" | "description" | "id" | "url" | "workId" | "originalTitle" | "authors" | "series" | "ratingsCount" | "reviewsCount" | "ratingsDistribution" | "format" | "pages" | "publisher" | "publishedDate" | "originalPublishedYear" | "language" | "isbn10" | "isbn13" | "asin" | "genres" | "coverUrl" | "awards" | "fetchedAt" | "via" | "layout";
            /** @description Text is compared without case and accents. `null`: the book does not have the field. */
            equals?: string | number | null;
            /** @description A part of the text, compared without case and accents. */
            contains?: string;
            /** @description The least number, or the first date: `2008`, `2008-09` or `2008-09-14`. */
            gte?: number | string;
            /** @description The greatest number, or the last date: every day of 2008 is `lte` `2008`. */
            lte?: number | string;
            /** @description A regular expression of RE2 that is found in the text as it stands; `(?i)` ignores case. At most the first 10,000 characters of the field are looked at. */
            matches?: string;
            /**
             * @description How many books are enough.
             * @default 1
             */
            count?: number;
        };
        /**
         * LinksWithOptions
         * @example {
         *       "urls": [
         *         "https://www.goodreads.com/book/show/2767052"
         *       ],
         *       "priority": "interactive",
         *       "maxAge": 0
         *     }
         */
        LinksWithOptions: {
            urls: components["schemas"]["Links"];
            priority?: components["schemas"]["Priority"];
            /** @description Seconds: a stored copy that is older is fetched again; 0 forces it. Without it `BOOK_TTL` decides. */
            maxAge?: number;
            /** @description Who is told when the batch has ended. */
            webhook?: {
                /** @description Where to tell that the batch ended. */
                url: string;
                /** @description Signs the calls (Standard Webhooks). */
                secret?: string;
            };
            /**
             * @description `true`: answers what the submission would bring, and makes none. Goodreads is asked for first pages of collections alone: 20 at most, for 8 s in all. `offline`: the same, and Goodreads is asked for nothing.
             * @default false
             * @enum {unknown}
             */
            dryRun?: true | false | "offline";
            /**
             * @description Books taken from one collection at most.
             * @default 1000
             */
            maxBooks?: number;
            /** @description Pages read of one collection at most; without it as many as there are. */
            maxPages?: number;
            /**
             * @description No page of a collection is read after this time (RFC 3339). The books that were found stay in the batch.
             * @example 2030-01-31T12:00:00Z
             */
            deadline?: string;
            /**
             * @description `one-per-work`: of the editions of one work in a collection, only the first is taken. Rows that do not name their work are all taken.
             * @default as-listed
             * @enum {string}
             */
            editions?: "as-listed" | "one-per-work";
            /** @description The batch takes more links with `POST /batches/{batchId}/links`, until `POST /batches/{batchId}/close` or 24 h after the last addition. */
            open?: boolean;
            until?: components["schemas"]["Until"];
        };
        /**
         * SubmitAnswer
         * @example {
         *       "batchId": "01k9zq3v8e6m",
         *       "counts": {
         *         "total": 2,
         *         "queued": 1,
         *         "joined": 0,
         *         "cached": 0,
         *         "invalid": 1
         *       },
         *       "items": [
         *         {
         *           "input": "https://www.goodreads.com/book/show/2767052-the-hunger-games",
         *           "kind": "book",
         *           "bookId": "2767052",
         *           "url": "https://www.goodreads.com/book/show/2767052",
         *           "status": "queued",
         *           "jobId": "book-2767052"
         *         },
         *         {
         *           "input": "nonsense",
         *           "status": "invalid",
         *           "reason": "That is no web address, book number, ISBN or ASIN: send a link such as https://www.goodreads.com/book/show/2767052."
         *         }
         *       ]
         *     }
         */
        SubmitAnswer: {
            /** @description The batch, for `GET /batches/{batchId}`. */
            batchId: string;
            /** @description Items by `status`. */
            counts: {
                /** @description All items. */
                total: number;
                /** @description Items with a new job. */
                queued: number;
                /** @description Items that wait for a job that existed. */
                joined: number;
                /** @description Items that are settled already. */
                cached: number;
                /** @description Items that name no book. */
                invalid: number;
                /** @description Collections whose pages are read now; absent when there is none. */
                expanding?: number;
                /** @description Items whose page `robots.txt` forbids; absent when there is none. */
                disallowed?: number;
                /** @description Books that the batch has already; told of additions alone. */
                duplicate?: number;
            };
            /** @description In the order of the request; equal links are one item. Of a CSV file with more than 1,000 rows only the items that name no book. */
            items: {
                /** @description Position in the batch, from 0; told of additions alone. */
                index?: number;
                /** @description What was sent, cut to 2,048 characters. */
                input: string;
                /**
                 * @description How the entry was read; absent when it is `invalid`. A bare number with the check digit of an ISBN is an `isbn`, any other a `book`.
                 * @enum {string}
                 */
                kind?: "book" | "isbn" | "asin" | "collection";
                /**
                 * @description What kind of page a `collection` is.
                 * @enum {string}
                 */
                family?: "list" | "series" | "author" | "author-list" | "editions" | "shelf" | "genre";
                /** @description Goodreads' book number. */
                bookId?: string;
                /** @description The canonical address of the book. */
                url?: string;
                /**
                 * @description `queued`: a new job. `joined`: a live job for that book existed, and this batch waits for it too. `cached`: a fresh copy is stored, it is remembered that Goodreads has no such book (`state` is `not-found` then), or the batch has found what it looks for (`skipped`). `invalid`: it names no book. `expanding`: a collection; its books join the batch while its pages are read. `disallowed`: `robots.txt` forbids the page. `duplicate`: the batch that it was added to has the book already, at `index`.
                 * @enum {string}
                 */
                status: "queued" | "joined" | "cached" | "invalid" | "expanding" | "disallowed" | "duplicate";
                /** @description The job, for `GET /jobs/{jobId}`. */
                jobId?: string;
                /** @description Why the link is `invalid` or `disallowed`. */
                reason?: string;
                /** @description How often the link came again in the same request. */
                duplicates?: number;
                /** @description Age of a `cached` copy. */
                ageSeconds?: number;
                /**
                 * @description Where the item stands after `Prefer: wait`. Without it only `not-found` or `skipped`, on a `cached` item.
                 * @enum {string}
                 */
                state?: "queued" | "active" | "delayed" | "blocked" | "expanding" | "parsed" | "not-found" | "failed" | "cancelled" | "cached" | "invalid" | "expanded" | "disallowed" | "skipped" | "expired";
            }[];
            /** @description Where all items are, when `items` does not have them; also in `Link`. */
            itemsUrl?: string;
        };
        /**
         * DryRun
         * @example {
         *       "entries": [
         *         {
         *           "input": "2767052",
         *           "kind": "book",
         *           "books": 1,
         *           "stored": 0,
         *           "fresh": 0,
         *           "pages": 1,
         *           "seconds": 1
         *         }
         *       ],
         *       "totals": {
         *         "entries": 1,
         *         "books": 1,
         *         "stored": 0,
         *         "fresh": 0,
         *         "pages": 1,
         *         "seconds": 1,
         *         "unknown": 0
         *       }
         *     }
         */
        DryRun: {
            /** @description In the order of the request; equal entries are one. Of a long CSV file only collections, and rows that name no book. */
            entries: {
                /** @description What was sent, cut to 2,048 characters. */
                input: string;
                /** @description How the entry was read; `null` when it names nothing, or a page that `robots.txt` forbids. */
                kind: ("book" | "isbn" | "asin" | "collection") | null;
                /**
                 * @description What kind of page a `collection` is.
                 * @enum {string}
                 */
                family?: "list" | "series" | "author" | "author-list" | "editions" | "shelf" | "genre";
                /** @description Books that the entry gives, within the limits of the request and of Goodreads; `null` while that is unknown. */
                books: number | null;
                /** @description Of these, books with a copy. Of a collection only the books of its first page are looked up. */
                stored: number;
                /** @description Of these, books that need no request: a fresh copy, or a remembered "not found". */
                fresh: number;
                /** @description Requests to Goodreads that are left: pages of the collection, and books that are not fresh. `null` while unknown. */
                pages: number | null;
                /** @description How long these take at the present rate, without what waits already; `null` without an estimate. */
                seconds: number | null;
                /**
                 * @description How the first page of a collection was got: as `source` of `GET /find`.
                 * @enum {string}
                 */
                source?: "asked" | "cached" | "unknown" | "not-asked";
                /** @description Why the entry names nothing, or why its books are unknown. */
                reason?: string;
                /** @description How often the entry came again in the same request. */
                duplicates?: number;
            }[];
            /** @description Sums of what is known. */
            totals: {
                /** @description All entries, each once. */
                entries: number;
                /** @description Books of all entries. A book that two collections list counts twice. */
                books: number;
                /** @description Books with a copy. */
                stored: number;
                /** @description Books that need no request. */
                fresh: number;
                /** @description Requests to Goodreads that are left. */
                pages: number;
                /** @description How long these take at the present rate; `null` without an estimate. */
                seconds: number | null;
                /** @description Collections of which nobody knows how many books they give. They are in none of the sums. */
                unknown: number;
            };
        };
        /**
         * JobState
         * @description State of a job. `blocked`: it waits, because Goodreads is turning us away or cannot be reached.
         * @enum {string}
         */
        JobState: "waiting" | "active" | "delayed" | "blocked" | "parsed" | "not-found" | "failed" | "cancelled";
        /**
         * Pending
         * @example {
         *       "status": "waiting",
         *       "jobId": "book-2767052",
         *       "bookId": "2767052",
         *       "url": "https://www.goodreads.com/book/show/2767052",
         *       "etaSeconds": 3
         *     }
         */
        Pending: {
            status: components["schemas"]["JobState"];
            /** @description The job, for `GET /jobs/{jobId}`. */
            jobId: string;
            /** @description Goodreads' book number; `null` while only an ISBN or an ASIN is known. */
            bookId: string | null;
            /** @description The canonical address of the book. */
            url: string;
            /** @description Seconds until the job is likely settled; `null` when nothing can be said. */
            etaSeconds: number | null;
        };
        /** FoundBooks */
        FoundBooks: {
            /** @description The books, the best first. */
            items: components["schemas"]["Book"][];
            /** @description `false` while books that an earlier version stored are still made known to search: some may be missing here. */
            complete: boolean;
        };
        /**
         * Found
         * @example {
         *       "items": [
         *         {
         *           "bookId": "7100001",
         *           "workId": "8100001",
         *           "title": "Quiet Rivers",
         *           "author": "Ada Example",
         *           "stored": true
         *         }
         *       ],
         *       "complete": true,
         *       "source": "not-asked",
         *       "reason": null,
         *       "askedAt": null
         *     }
         */
        Found: {
            /** @description Stored books first, best first, then other suggestions of Goodreads. */
            items: {
                /** @description Goodreads' book number. */
                bookId: string;
                /** @description Goodreads' number of the work; `null` when it is not known. */
                workId: string | null;
                /** @description The title; of a suggestion as Goodreads shows it, with the series in brackets. */
                title: string;
                /** @description The first author; `null` when a suggestion names none. */
                author: string | null;
                /** @description Whether a copy is stored: `GET /books/{bookId}` has it. */
                stored: boolean;
                /** @description Only for an ISBN or an ASIN: whether the stored page names it. `false`: nobody has checked; submit the book to find out. */
                verified?: boolean;
            }[];
            /** @description As in `GET /books/search`: `false` while stored books may be missing here. */
            complete: boolean;
            /**
             * @description `not-asked`: without `source`. `asked`: Goodreads answered now. `cached`: it answered in the last 24 hours. `unknown`: there is no answer, see `reason`.
             * @enum {string}
             */
            source: "not-asked" | "asked" | "cached" | "unknown";
            /** @description Why the answer of Goodreads is `unknown`, in a sentence; else `null`. */
            reason: string | null;
            /**
             * Format: date-time
             * @description When Goodreads was asked; `null` without an answer.
             */
            askedAt: string | null;
        };
        /** BookPage */
        BookPage: {
            /** @description The books of this page. */
            books: components["schemas"]["Book"][];
            /** @description Where the next page begins: send it as `cursor`. `null` on the last page. */
            cursor: string | null;
        };
        /**
         * BookLines
         * @description A Book a line.
         */
        BookLines: string;
        /** JobStatus */
        JobStatus: {
            /** @description The job, for `GET /jobs/{jobId}`. */
            jobId: string;
            /** @description What the request did to the job, in a word, such as `queued`. */
            status: string;
        };
        /** UploadedEntry */
        UploadedEntry: {
            /** @description The name of the file, or the address of the page in an archive of answers. */
            name: string;
            /**
             * @description `stored`, `older`, `poorer`: a book was read; the last two mean that the stored copy stays. `collection`: the page lists books, and they are in `batchId`. `refused`: see `reason`.
             * @enum {string}
             */
            outcome: "stored" | "older" | "poorer" | "collection" | "refused";
            /** @description Goodreads' book number, when a book was read. */
            bookId?: string;
            /** @description The kind of collection, when the page lists books: `list`, `series`, `author`, … */
            family?: string;
            /** @description How many books the page lists. */
            books?: number;
            /** @description Why the page is refused. */
            reason?: string;
        };
        /** UploadedPages */
        UploadedPages: {
            /** @description Every page of the upload, in its order. */
            entries: components["schemas"]["UploadedEntry"][];
            /** @description Files in archives that are no pages, such as images and scripts. */
            ignored: number;
            /** @description The batch of all books that the collection pages list, for `GET /batches/{batchId}`. */
            batchId?: string;
        };
        /** Batch */
        Batch: {
            /** @description The batch, for `GET /batches/{batchId}`. */
            batchId: string;
            /**
             * @description `running` until the last item is settled, then `completed`, or `cancelled` if it was cancelled before.
             * @enum {string}
             */
            state: "running" | "completed" | "cancelled";
            /** @description All items. */
            total: number;
            /** @description Items by state; they add up to `total` at every instant. */
            counts: {
                /** @description Items whose job waits. */
                queued: number;
                /** @description Items whose page is being fetched. */
                active: number;
                /** @description Items that wait for the next attempt. */
                delayed: number;
                /** @description Items that wait until Goodreads answers again, or can be reached again. */
                blocked: number;
                /** @description Collections whose pages are being read. */
                expanding: number;
                /** @description Items whose book was fetched and stored. */
                parsed: number;
                /** @description Items whose book Goodreads does not have. */
                "not-found": number;
                /** @description Items whose job failed. */
                failed: number;
                /** @description Items that were cancelled. */
                cancelled: number;
                /** @description Items that a stored copy settled at once. */
                cached: number;
                /** @description Items that name no book. */
                invalid: number;
                /** @description Collections whose books are in the batch. */
                expanded: number;
                /** @description Items whose page `robots.txt` forbids. */
                disallowed: number;
                /** @description Items that were not needed any more: the batch found what it looks for. */
                skipped: number;
                /** @description Items whose time was over. */
                expired: number;
            };
            priority: components["schemas"]["Priority"];
            /**
             * Format: date-time
             * @description When the batch was submitted.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the last item was settled; `null` before.
             */
            finishedAt: string | null;
            /** @description Whether the batch takes more items. An open batch ends only after it is closed. */
            open: boolean;
            /** @description Which books the batch looks for; `null` when it looks for none. */
            until: components["schemas"]["Until"] | null;
            /** @description Books that satisfy `until`, in the order in which they were found. */
            found: string[];
            /** @description Seconds until the batch likely ends; `null` when nothing can be said. */
            etaSeconds: number | null;
        };
        /** BatchPage */
        BatchPage: {
            /** @description The batches of this page. */
            batches: components["schemas"]["Batch"][];
            /** @description Where the next page begins: send it as `cursor`. `null` on the last page. */
            cursor: string | null;
        };
        /**
         * ItemState
         * @description State of an item. `delayed`: it waits for the next attempt. `blocked`: it waits until Goodreads answers again, or can be reached again.
         * @enum {string}
         */
        ItemState: "queued" | "active" | "delayed" | "blocked" | "expanding" | "parsed" | "not-found" | "failed" | "cancelled" | "cached" | "invalid" | "expanded" | "disallowed" | "skipped" | "expired";
        /** BookCard */
        BookCard: {
            /** @description Goodreads' book number. */
            id: string;
            /** @description The title of this edition. */
            title: string;
            /** @description Names of the authors. */
            authors: string[];
            /** @description The series that the book belongs to. */
            series: {
                /** @description Goodreads' number of the series. */
                id: string | null;
                /** @description The name of the series. */
                title: string;
                /** @description The place in the series: "1", "1.5", "1-3". */
                position: string | null;
            }[];
            /** @description 0 to 5; `null` while nobody has rated the book. */
            rating: number | null;
            /** @description Ratings, over all editions of the work. */
            ratingsCount: number | null;
            /** @description The binding, such as `Hardcover`. */
            format: string | null;
            /** @description Pages of this edition. */
            pages: number | null;
            /** @description When the work first appeared, or else this edition; negative before the common era. */
            year: number | null;
            /** @description The language of this edition. */
            language: string | null;
            /** @description The picture of the cover. */
            coverUrl: string | null;
            /**
             * Format: date-time
             * @description When the page was fetched, or sent by a user.
             */
            fetchedAt: string;
        };
        /** Item */
        Item: {
            /** @description Position in the batch, from 0. */
            index: number;
            /** @description What was sent, cut to 2,048 characters; the canonical address of a book that a collection brought. */
            input: string;
            /** @description How the entry was read; `null` when it is `invalid`, or when `robots.txt` forbids the page. */
            kind: ("book" | "isbn" | "asin" | "collection") | null;
            /** @description What kind of page a `collection` is; `null` for all other items. */
            family: ("list" | "series" | "author" | "author-list" | "editions" | "shelf" | "genre") | null;
            /** @description How far a collection is, and how it ended; `null` for all other items. */
            collection: {
                /** @description Its name; `null` before the first page. */
                title: string | null;
                /** @description How many books it says that it has; `null` when it does not say. Goodreads does not always count right. */
                claimed: number | null;
                /** @description Books on its pages, each once. */
                found: number;
                /** @description Those of them that the limits let into the batch. */
                taken: number;
                /** @description Pages that were read. */
                pages: number;
                /** @description Why it was not read whole: a limit of the request, or one of Goodreads. `null`: it was, or it is still read. */
                cutOff: string | null;
                /** @description What happened between two pages, oldest first: blocks, failed attempts, second looks. At most 20. */
                timeline: {
                    /**
                     * Format: date-time
                     * @description When it happened.
                     */
                    at: string;
                    /** @description What happened. */
                    event: string;
                    /** @description A sentence. */
                    detail: string;
                }[];
            } | null;
            state: components["schemas"]["ItemState"];
            /** @description The job that gets the book; `null` for an `invalid` item and for a collection. */
            jobId: string | null;
            /** @description Goodreads' book number; `null` while only an ISBN or an ASIN is known. */
            bookId: string | null;
            /** @description The canonical address of the book or the collection; `null` while no book is known. */
            url: string | null;
            /** @description Why the item is `invalid` or failed, or why a collection was not read whole. */
            reason: string | null;
            /** @description How often the book came again: in the same request, or from another source of the batch. */
            duplicates: number;
            /** @description Index of the collection item that brought this one; `null` when it was sent. */
            via: number | null;
            /** @description The stored book in short; `null` without a copy. Only with `books=true`. */
            book?: components["schemas"]["BookCard"] | null;
            /** @description Whether `GET /jobs/{jobId}/page` has the page that the job failed on. Only with `books=true`. */
            pageKept?: boolean;
        };
        /** ItemPage */
        ItemPage: {
            /** @description The items of this page. */
            items: components["schemas"]["Item"][];
            /** @description Where the next page begins: send it as `cursor`. `null` on the last page. */
            cursor: string | null;
        };
        /** AddedLinks */
        AddedLinks: {
            urls: components["schemas"]["Links"];
        };
        /** Job */
        Job: {
            /** @description The job, for `GET /jobs/{jobId}`. */
            jobId: string;
            state: components["schemas"]["JobState"];
            priority: components["schemas"]["Priority"];
            /** @description Goodreads' book number; `null` while only an ISBN or an ASIN is known. */
            bookId: string | null;
            /** @description The canonical address of the book. */
            url: string;
            /** @description Attempts used so far. */
            attempts: number;
            /** @description Attempts that the job has. */
            maxAttempts: number;
            /**
             * Format: date-time
             * @description When the job was queued.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the job was settled; `null` while it is live.
             */
            settledAt: string | null;
            /** @description Items of batches that wait or waited for it. */
            waiters: number;
            /** @description How the job failed; while it is live, why its last attempt failed. `null` when none did. */
            lastError: components["schemas"]["LastError"] | null;
            /** @description What happened, oldest first. While the source is blocked or unreachable, the last entry tells since when and what happens next. */
            timeline: {
                /**
                 * Format: date-time
                 * @description When it happened.
                 */
                at: string;
                /** @description What happened, in a word. */
                event: string;
                /** @description What happened, in a sentence. */
                detail: string;
            }[];
            /** @description Seconds until the job is likely settled; `null` when nothing can be said. */
            etaSeconds: number | null;
        };
        /** JobPage */
        JobPage: {
            /** @description The jobs of this page. */
            jobs: components["schemas"]["Job"][];
            /** @description Where the next page begins: send it as `cursor`. `null` on the last page. */
            cursor: string | null;
        };
        /** WaitingJobs */
        WaitingJobs: {
            /** @description The most wanted first. */
            jobs: {
                /** @description The job, for `GET /jobs/{jobId}`. */
                jobId: string;
                /**
                 * @description `delayed`: it waits for its next attempt.
                 * @enum {string}
                 */
                state: "waiting" | "delayed";
                /** @description Goodreads' book number; `null` while only an ISBN or an ASIN is known. */
                bookId: string | null;
                /** @description The canonical address of the book. */
                url: string;
                priority: components["schemas"]["Priority"];
                /** @description Items of batches that wait for it. */
                waiters: number;
                /**
                 * Format: date-time
                 * @description When the job was queued.
                 */
                createdAt: string;
            }[];
        };
        /** Redrive */
        Redrive: {
            /**
             * @description Only jobs that failed with this code, such as `crawl-failed`.
             * @enum {string}
             */
            reason?: "crawl-failed" | "page-not-recognised" | "disallowed" | "poison" | "internal-error";
            /**
             * @description Most jobs to queue.
             * @default 1000
             */
            limit?: number;
        };
        /**
         * EventFilter
         * @description Which of the events are sent. An event without a reason or a priority passes the filter of it.
         */
        EventFilter: {
            /** @description Failures of books with other reasons are left out. */
            reasons?: string[];
            /** @description Jobs and batches of other priorities are left out. */
            priorities?: ("interactive" | "normal" | "bulk")[];
        };
        /** NewWebhook */
        NewWebhook: {
            /** @description Where to send events: an https URL whose host is on the public internet. */
            url: string;
            /**
             * @description The events to send.
             * @default [
             *       "*"
             *     ]
             */
            events?: string[];
            filter?: components["schemas"]["EventFilter"];
            /**
             * @description `json`: the event, as Standard Webhooks has it. `text`: a sentence as plain text with the headers `Title` and `Priority`, as ntfy takes it. `slack`: a sentence as `{"text": …}`, as Slack and Mattermost take it.
             * @default json
             * @enum {string}
             */
            format?: "json" | "text" | "slack";
            /**
             * @description `whsec_` and 24 to 64 random bytes in base64. Without it Quire makes one.
             * @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD
             */
            secret?: string;
        };
        /**
         * WebhookWithSecret
         * @example {
         *       "id": "wh0mhf5k2x3a1b2c3d4e5f6",
         *       "url": "https://receiver.example.com/quire",
         *       "events": [
         *         "batch.*"
         *       ],
         *       "filter": null,
         *       "format": "json",
         *       "state": "enabled",
         *       "disabledReason": null,
         *       "createdAt": "2026-01-31T09:30:00.000Z",
         *       "previousSecretUntil": null,
         *       "droppedCalls": 0,
         *       "droppedAt": null,
         *       "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
         *     }
         */
        WebhookWithSecret: {
            /** @description The webhook, for `GET /webhooks/{webhookId}`. */
            id: string;
            /** @description Where events are sent. */
            url: string;
            /** @description The events that are sent: `*`, a group such as `batch.*`, or single ones. */
            events: string[];
            /** @description Which of these events are sent; `null`: all. */
            filter: components["schemas"]["EventFilter"] | null;
            /**
             * @description `json`: the event, as Standard Webhooks has it. `text`: a sentence as plain text with the headers `Title` and `Priority`, as ntfy takes it. `slack`: a sentence as `{"text": …}`, as Slack and Mattermost take it.
             * @enum {string}
             */
            format: "json" | "text" | "slack";
            /**
             * @description `disabled`: its receiver answered 410 Gone.
             * @enum {string}
             */
            state: "enabled" | "disabled";
            /** @description Why the webhook is disabled. */
            disabledReason: string | null;
            /**
             * Format: date-time
             * @description When the webhook was made.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description Until when the secret from before the latest rotation signs along.
             */
            previousSecretUntil: string | null;
            /** @description Calls that were dropped, the oldest first, because more than 10,000 waited. */
            droppedCalls: number;
            /**
             * Format: date-time
             * @description When the last call was dropped.
             */
            droppedAt: string | null;
            /** @description Shown this once: keep it. */
            secret: string;
        };
        /** Webhook */
        Webhook: {
            /** @description The webhook, for `GET /webhooks/{webhookId}`. */
            id: string;
            /** @description Where events are sent. */
            url: string;
            /** @description The events that are sent: `*`, a group such as `batch.*`, or single ones. */
            events: string[];
            /** @description Which of these events are sent; `null`: all. */
            filter: components["schemas"]["EventFilter"] | null;
            /**
             * @description `json`: the event, as Standard Webhooks has it. `text`: a sentence as plain text with the headers `Title` and `Priority`, as ntfy takes it. `slack`: a sentence as `{"text": …}`, as Slack and Mattermost take it.
             * @enum {string}
             */
            format: "json" | "text" | "slack";
            /**
             * @description `disabled`: its receiver answered 410 Gone.
             * @enum {string}
             */
            state: "enabled" | "disabled";
            /** @description Why the webhook is disabled. */
            disabledReason: string | null;
            /**
             * Format: date-time
             * @description When the webhook was made.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description Until when the secret from before the latest rotation signs along.
             */
            previousSecretUntil: string | null;
            /** @description Calls that were dropped, the oldest first, because more than 10,000 waited. */
            droppedCalls: number;
            /**
             * Format: date-time
             * @description When the last call was dropped.
             */
            droppedAt: string | null;
        };
        /** WebhookList */
        WebhookList: {
            /** @description The oldest first. */
            webhooks: components["schemas"]["Webhook"][];
        };
        /**
         * Rotate
         * @example {}
         */
        Rotate: {
            /**
             * @description `whsec_` and 24 to 64 random bytes in base64. Without it Quire makes one.
             * @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD
             */
            secret?: string;
        };
        /** EventTypes */
        EventTypes: {
            /** @description In alphabetical order. */
            types: {
                /**
                 * @description The type, for `events` of a webhook.
                 * @enum {string}
                 */
                type: "batch.completed" | "book.parsed" | "book.failed" | "parser.drift" | "source.blocked" | "source.opened" | "store.nearly-full";
                /** @description When it happens. */
                description: string;
                /** @description The JSON Schema of its `data`. */
                data: {
                    [key: string]: unknown;
                };
            }[];
        };
        /**
         * EventType
         * @description The event that is told.
         * @enum {string}
         */
        EventType: "batch.completed" | "book.parsed" | "book.failed" | "parser.drift" | "source.blocked" | "source.opened" | "store.nearly-full";
        /** Delivery */
        Delivery: {
            /** @description The delivery. Receivers see it as `webhook-id`. */
            id: string;
            /** @description The standing webhook that the delivery goes to; `null` for a batch's own. */
            webhookId: string | null;
            /** @description The batch that asked to be called back; `null` for a standing webhook. */
            batchId: string | null;
            type: components["schemas"]["EventType"];
            /**
             * @description `pending`: attempts follow. `failed`: no attempt follows.
             * @enum {string}
             */
            state: "pending" | "delivered" | "failed";
            /**
             * Format: date-time
             * @description When the event happened.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the delivery succeeded or failed.
             */
            settledAt: string | null;
            /**
             * Format: date-time
             * @description When the next attempt is made.
             */
            nextAttemptAt: string | null;
            /** @description The latest 50, oldest first. */
            attempts: {
                /**
                 * Format: date-time
                 * @description When the call began.
                 */
                at: string;
                /** @description How long the call took, in milliseconds. */
                durationMs: number;
                /** @description The status of the answer; `null` when there was none. */
                status: number | null;
                /** @description What went wrong; `null` when the receiver took the event. */
                error: string | null;
            }[];
            /** @description Why the delivery failed. */
            note: string | null;
        };
        /** DeliveryPage */
        DeliveryPage: {
            /** @description The deliveries of this page. */
            deliveries: components["schemas"]["Delivery"][];
            /** @description Where the next page begins: send it as `cursor`. `null` on the last page. */
            cursor: string | null;
        };
        /** DeliveryDetail */
        DeliveryDetail: {
            /** @description The delivery. Receivers see it as `webhook-id`. */
            id: string;
            /** @description The standing webhook that the delivery goes to; `null` for a batch's own. */
            webhookId: string | null;
            /** @description The batch that asked to be called back; `null` for a standing webhook. */
            batchId: string | null;
            type: components["schemas"]["EventType"];
            /**
             * @description `pending`: attempts follow. `failed`: no attempt follows.
             * @enum {string}
             */
            state: "pending" | "delivered" | "failed";
            /**
             * Format: date-time
             * @description When the event happened.
             */
            createdAt: string;
            /**
             * Format: date-time
             * @description When the delivery succeeded or failed.
             */
            settledAt: string | null;
            /**
             * Format: date-time
             * @description When the next attempt is made.
             */
            nextAttemptAt: string | null;
            /** @description The latest 50, oldest first. */
            attempts: {
                /**
                 * Format: date-time
                 * @description When the call began.
                 */
                at: string;
                /** @description How long the call took, in milliseconds. */
                durationMs: number;
                /** @description The status of the answer; `null` when there was none. */
                status: number | null;
                /** @description What went wrong; `null` when the receiver took the event. */
                error: string | null;
            }[];
            /** @description Why the delivery failed. */
            note: string | null;
            /** @description What is sent. */
            payload: {
                /** @description The event. */
                type: string;
                /**
                 * Format: date-time
                 * @description When the event happened.
                 */
                timestamp: string;
                /** @description What the event tells, by its type. */
                data: {
                    [key: string]: unknown;
                };
            };
        };
        /**
         * SourceState
         * @description `open`: requests go at the full rate. `slowed`: they go at a lower rate. `blocked`: Goodreads turns us away. `unreachable`: the network here, or its proxy, has no way to Goodreads. While `blocked` or `unreachable`, jobs wait and only single probes go. `paused`: no request goes, because the settings lack something; `reason` says what.
         * @enum {string}
         */
        SourceState: "open" | "slowed" | "blocked" | "unreachable" | "paused";
        /** Source */
        Source: {
            state: components["schemas"]["SourceState"];
            /**
             * Format: date-time
             * @description When this state began.
             */
            since: string | null;
            /** @description Why the source is not open. */
            reason: string | null;
            /**
             * Format: date-time
             * @description When the next probe of a blocked or unreachable source goes.
             */
            nextProbeAt: string | null;
            /**
             * Format: date-time
             * @description Until when Goodreads asked to be left alone.
             */
            retryAfterUntil: string | null;
            /** @description Pages per second now; `null` is unlimited. */
            rate: number | null;
            /** @description Pages per second while the source is open; `null` is unlimited. */
            fullRate: number | null;
            /** @description Since midnight UTC, over all processes. A request that never left does not count. */
            requestsToday: number;
            /** @description What Goodreads' robots.txt says; `null` before it is read for the first time. */
            robots: {
                /**
                 * Format: date-time
                 * @description When the rules in use were fetched.
                 */
                fetchedAt: string | null;
                /** @description Whether Goodreads has a robots.txt. */
                present: boolean;
                /** @description Whether the rules allow pages of books. */
                allowsBooks: boolean;
                /** @description The rule that forbids pages of books. */
                rule: string | null;
                /** @description The delay between two requests that the rules ask for. */
                crawlDelaySeconds: number | null;
            } | null;
            /** @description The hours in which nothing is requested; `null` when there are none. */
            quietHours: {
                /** @description The hours of `QUIET_HOURS`. */
                hours: string;
                /**
                 * Format: date-time
                 * @description When they end, if they are now.
                 */
                until: string | null;
            } | null;
        };
        /** LedgerPeriod */
        LedgerPeriod: {
            /** @description Start of the hour, or the day. */
            at: string;
            /** @description Requests to Goodreads. */
            requests: number;
            /** @description As received, compressed. */
            bytes: number;
            /** @description How many requests ended in which way. */
            outcomes: {
                [key: string]: number;
            };
        };
        /** Ledger */
        Ledger: {
            /** @description By hour, oldest first. */
            hours: components["schemas"]["LedgerPeriod"][];
            /** @description By day (UTC), oldest first. */
            days: components["schemas"]["LedgerPeriod"][];
        };
        /** ParserHealth */
        ParserHealth: {
            /**
             * @description `unknown`: too few pages to tell.
             * @enum {string}
             */
            state: "steady" | "drifting" | "unknown";
            /** @description Books that were read. */
            pages: {
                /** @description In the last 6 hours. */
                recent: number;
                /** @description In the 7 days before. */
                before: number;
            };
            /** @description Share of pages that the parser did not recognise. */
            unrecognised: {
                /** @description In the last 6 hours. */
                recent: number | null;
                /** @description In the 7 days before. */
                before: number | null;
            };
            /** @description Parses that did not replace a richer copy. */
            poorer: {
                /** @description In the last 6 hours. */
                recent: number;
                /** @description In the 7 days before. */
                before: number;
            };
            /** @description Each field of the Book. */
            fields: {
                /** @description A field of the Book. */
                field: string;
                /** @description Share of books that carried the field; `null` without books. */
                recent: number | null;
                /** @description The same share, in the days before. */
                before: number | null;
                /** @description The layer that gave the field most often. */
                layer: string | null;
                /** @description The layer that gave it most often in the days before. */
                layerBefore: string | null;
                /** @description Whether the share fell, or the layer changed. */
                drifting: boolean;
            }[];
            /** @description Pages that list books. Families without pages are left out. */
            families: {
                /**
                 * @description A family of pages that list books.
                 * @enum {string}
                 */
                family: "list" | "series" | "author" | "author-list" | "editions" | "shelf" | "genre";
                /** @description Pages of the family that were read. */
                pages: {
                    /** @description In the last 6 hours. */
                    recent: number;
                    /** @description In the 7 days before. */
                    before: number;
                };
                /** @description Share of pages of the family that the parser did not recognise; `null` without pages. */
                unrecognised: {
                    /** @description In the last 6 hours. */
                    recent: number | null;
                    /** @description In the 7 days before. */
                    before: number | null;
                };
                /** @description Rows without a readable book, on pages that were read. */
                unreadRows: {
                    /** @description In the last 6 hours. */
                    recent: number;
                    /** @description In the 7 days before. */
                    before: number;
                };
                /** @description What fewer pages carry than before, such as `totalBooks` or `works`. */
                absent: string[];
                /** @description Whether something is absent, or three or more pages were not recognised, more than before. */
                drifting: boolean;
            }[];
        };
        /**
         * KeyLimits
         * @description What the key may use. `null`: no limit.
         */
        KeyLimits: {
            /** @description Requests a second. */
            requestsPerSecond?: number | null;
            /** @description Links of submissions a day, from 0:00 UTC. */
            linksPerDay?: number | null;
            /** @description Jobs that wait for batches of this key. */
            waitingJobs?: number | null;
        };
        /**
         * NewKey
         * @description A new key, with the key itself.
         */
        NewKey: {
            /**
             * @description Names the key. It tells nothing about the key itself.
             * @example k0a1b2c3d4e5
             */
            id: string;
            /**
             * @description Who or what has it.
             * @example library-import
             */
            name: string;
            /**
             * @description What may be done: `read` reads, `submit` brings work, `admin` does everything.
             * @example [
             *       "read",
             *       "submit"
             *     ]
             */
            scopes: ("read" | "submit" | "admin")[];
            limits: components["schemas"]["KeyLimits"];
            /**
             * @description Where the key is kept. Only keys of the store can be revoked here.
             * @enum {string}
             */
            from: "store" | "file" | "environment";
            /**
             * Format: date-time
             * @description `null` for a key of `API_KEYS`.
             */
            createdAt: string | null;
            /**
             * Format: date-time
             * @description From then on the key opens nothing.
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description Since then the key opens nothing.
             */
            revokedAt: string | null;
            /**
             * @description The key itself. It is shown in this answer and never again.
             * @example quire_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
             */
            key: string;
        };
        /**
         * Key
         * @description A key of the API. Quire keeps only its hash.
         */
        Key: {
            /**
             * @description Names the key. It tells nothing about the key itself.
             * @example k0a1b2c3d4e5
             */
            id: string;
            /**
             * @description Who or what has it.
             * @example library-import
             */
            name: string;
            /**
             * @description What may be done: `read` reads, `submit` brings work, `admin` does everything.
             * @example [
             *       "read",
             *       "submit"
             *     ]
             */
            scopes: ("read" | "submit" | "admin")[];
            limits: components["schemas"]["KeyLimits"];
            /**
             * @description Where the key is kept. Only keys of the store can be revoked here.
             * @enum {string}
             */
            from: "store" | "file" | "environment";
            /**
             * Format: date-time
             * @description `null` for a key of `API_KEYS`.
             */
            createdAt: string | null;
            /**
             * Format: date-time
             * @description From then on the key opens nothing.
             */
            expiresAt: string | null;
            /**
             * Format: date-time
             * @description Since then the key opens nothing.
             */
            revokedAt: string | null;
        };
        /**
         * KeyList
         * @description All keys.
         */
        KeyList: {
            /** @description The oldest first. */
            keys: components["schemas"]["Key"][];
        };
        /**
         * AuditEntry
         * @description One thing that an admin did.
         */
        AuditEntry: {
            /**
             * Format: date-time
             * @description When it was done.
             */
            at: string;
            /** @description The name of the key; `null` while there are no keys. */
            name: string | null;
            /** @description The id of the key. */
            keyId: string | null;
            /**
             * @description The address of the caller, or `command line`.
             * @example 192.0.2.7
             */
            from: string;
            /**
             * @description The `operationId`, such as `deleteBook`; `dashboard` for its buttons.
             * @example deleteBook
             */
            action: string;
            /**
             * @description What it was done to.
             * @example DELETE /books/2767052
             */
            target: string;
            /** @description The status of the answer; `null` for the command line. */
            status: number | null;
        };
        /**
         * AuditPage
         * @description What admins did.
         */
        AuditPage: {
            /** @description The latest first. */
            entries: components["schemas"]["AuditEntry"][];
            /** @description Where the next page begins; `null` at the end. */
            cursor: string | null;
        };
        /**
         * Session
         * @description Who asks, and what that caller may do.
         */
        Session: {
            /** @description Whether requests need a key. Without keys everybody may do everything. */
            keysRequired: boolean;
            /**
             * @description How the request says who asks.
             * @enum {string}
             */
            via: "none" | "key" | "session";
            /** @description The name of the key. */
            name: string | null;
            /**
             * @description What may be done: `read` reads, `submit` brings work, `admin` does everything.
             * @example [
             *       "read",
             *       "submit"
             *     ]
             */
            scopes: ("read" | "submit" | "admin")[];
            /**
             * Format: date-time
             * @description When the session or the key ends.
             */
            expiresAt: string | null;
        };
        /** Stats */
        Stats: {
            /** @description Live jobs by state. */
            backlog: {
                /** @description Jobs that wait for a worker. */
                waiting: number;
                /** @description Jobs that wait while no job goes on, because the source is blocked, unreachable or paused. Then `waiting` is 0. */
                blocked: number;
                /** @description Jobs that a worker has. */
                active: number;
                /** @description Jobs that wait for their next attempt. */
                delayed: number;
                /** @description The waiting and blocked jobs by priority. */
                byPriority: {
                    /** @description Of priority `interactive`. */
                    interactive: number;
                    /** @description Of priority `normal`. */
                    normal: number;
                    /** @description Of priority `bulk`. */
                    bulk: number;
                };
                /** @description Age of the oldest waiting job, up to a second behind. */
                oldestSeconds: number | null;
            };
            /** @description Jobs that ended since midnight UTC, over all processes. Those of other processes show a second later. */
            endedToday: {
                /** @description Jobs that gave a book. */
                parsed: number;
                /** @description Jobs whose book Goodreads does not have. */
                "not-found": number;
                /** @description Jobs that failed for good. */
                failed: number;
                /** @description Jobs that were cancelled. */
                cancelled: number;
            };
            /** @description Books stored; more than 10,000 may be an estimate. */
            books: number;
            source: components["schemas"]["SourceState"];
        };
        /**
         * HtmlPage
         * @description A page for a browser.
         */
        HtmlPage: string;
    };
    responses: {
        /** @description `crawl-failed`: The page could not be fetched. `page-not-recognised`: Goodreads answered with a page that is not a book page we know. `disallowed`: Goodreads' robots.txt does not allow this page. `poison`: The job ended its worker more than once. */
        BadGateway: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `batch-unknown`: There is no such batch. */
        BatchUnknown: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `body-too-large`: The body is too large. */
        BodyTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A copy. A stale one is served at once, and a refresh is queued behind it. */
        Book: {
            headers: {
                ETag: components["headers"]["ETag"];
                "Last-Modified": components["headers"]["LastModified"];
                Age: components["headers"]["Age"];
                "Cache-Control": components["headers"]["CacheControl"];
                Vary: components["headers"]["Vary"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Book"];
                "application/jsonl": string;
                "text/csv": string;
                "application/ld+json": {
                    /** @description The vocabulary of the members: `https://schema.org`. */
                    "@context": string;
                } & {
                    [key: string]: unknown;
                };
                "application/x-bibtex": string;
                "application/x-research-info-systems": string;
                "application/vnd.citationstyles.csl+json": ({
                    /** @description `goodreads` and the number of the book. */
                    id: string;
                    /** @description What the item is; here it is always `book`. */
                    type: string;
                } & {
                    [key: string]: unknown;
                })[];
                "application/atom+xml": string;
            };
        };
        /** @description The books, streamed; `jsonl` unless `format` or `Accept` asks for another format. */
        BookLines: {
            headers: {
                /** @description The name of the file. */
                "Content-Disposition": string;
                Vary: components["headers"]["Vary"];
                [name: string]: unknown;
            };
            content: {
                "application/jsonl": components["schemas"]["BookLines"];
                "text/csv": string;
                "application/json": components["schemas"]["Book"][];
                "application/ld+json": {
                    /** @description The vocabulary of the members: `https://schema.org`. */
                    "@context": string;
                } & {
                    [key: string]: unknown;
                };
                "application/x-bibtex": string;
                "application/x-research-info-systems": string;
                "application/vnd.citationstyles.csl+json": ({
                    /** @description `goodreads` and the number of the book. */
                    id: string;
                    /** @description What the item is; here it is always `book`. */
                    type: string;
                } & {
                    [key: string]: unknown;
                })[];
                "application/atom+xml": string;
            };
        };
        /** @description `book-unknown`: There is no copy of this book, and no job for it. `book-not-found`: Goodreads says there is no such book. */
        BookUnknownOrBookNotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `forbidden`: That is not allowed from there. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `forbidden`: That is not allowed from there. */
        ForbiddenOrOtherOrigin: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A page. */
        HtmlPage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "text/html": components["schemas"]["HtmlPage"];
            };
        };
        /** @description `idempotency-mismatch`: This Idempotency-Key came before with another body. */
        IdempotencyMismatch: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `internal-error`: Something went wrong on our side. */
        InternalError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `invalid-request`: The request is not of the form this endpoint takes. */
        InvalidFormat: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `invalid-request`: The request is not of the form this endpoint takes. */
        InvalidJson: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `invalid-request`: The request is not of the form this endpoint takes. */
        InvalidPage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `invalid-request`: The request is not of the form this endpoint takes. */
        InvalidQuery: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `invalid-request`: The request is not of the form this endpoint takes. */
        InvalidRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `job-unknown`: There is no such job. */
        JobUnknown: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `body-too-large`: The body is too large. */
        ListTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `book-unknown`: There is no copy of this book, and no job for it. */
        NoBookNumber: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `unsupported-media-type`: The body is of a type this endpoint does not read. */
        NoLinksType: {
            headers: {
                "Accept-Encoding": components["headers"]["AcceptEncoding"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `not-acceptable`: There is no such format of the answer. */
        NotAcceptable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The copy named by `If-None-Match` or `If-Modified-Since` is the one there is. */
        NotModified: {
            headers: {
                ETag: components["headers"]["ETag"];
                "Last-Modified": components["headers"]["LastModified"];
                Age: components["headers"]["Age"];
                "Cache-Control": components["headers"]["CacheControl"];
                Vary: components["headers"]["Vary"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description No copy yet: its job is waiting, active, delayed or held back by a block. */
        PendingAccepted: {
            headers: {
                Location: components["headers"]["Location"];
                "Retry-After": components["headers"]["RetryAfter"];
                "Preference-Applied": components["headers"]["PreferenceApplied"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Pending"];
            };
        };
        /** @description `quota-exceeded`: The key has used up one of its limits. */
        QuotaExceeded: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `rate-limited`: More jobs wait already than are taken. `quota-exceeded`: The key has used up one of its limits. */
        RateLimitedOrQuotaExceeded: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `store-unavailable`: The store does not answer. */
        StoreUnavailable: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `store-unavailable`: The store does not answer. `overloaded`: Too much is under way at once. */
        StoreUnavailableOrOverloaded: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `unauthorized`: Credentials are missing or wrong. */
        Unauthorized: {
            headers: {
                /** @description `Bearer`; `Basic` on pages for browsers. */
                "WWW-Authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `invalid-request`: The request is not of the form this endpoint takes. */
        UnknownParameter: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description `unsupported-media-type`: The body is of a type this endpoint does not read. */
        UnsupportedMediaType: {
            headers: {
                "Accept-Encoding": components["headers"]["AcceptEncoding"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The webhook. */
        Webhook: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Webhook"];
            };
        };
        /** @description `webhook-unknown`: There is no such webhook. */
        WebhookUnknown: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description As in the answer of `POST /parse-links`.
         * @example 01k9zq3v8e6m
         */
        BatchId: string;
        /** @description A byte order mark leads `csv`: Excel reads UTF-8 only with it. Other formats have none. */
        Bom: boolean;
        /**
         * @description Goodreads' book number.
         * @example 2767052
         */
        BookId: string;
        /** @description Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before. */
        Cursor: string;
        /** @description As in the list of deliveries; receivers see it as `webhook-id`. */
        DeliveryId: string;
        /** @description The format of the answer. It wins over `Accept`. `biblatex` and `bibtex` share a media type: `Accept` means `bibtex`. */
        Format: "json" | "jsonl" | "csv" | "jsonld" | "bibtex" | "biblatex" | "ris" | "csl" | "atom";
        /**
         * @description `book-<number>`, `isbn-<isbn13>` or `asin-<asin>`.
         * @example book-2767052
         */
        JobId: string;
        /** @description Most entries on a page. */
        Limit: number;
        /** @description Submits the book when there is neither a copy nor a job. */
        Submit: boolean;
        /**
         * @description As in the answer of `POST /webhooks`.
         * @example wh0mhf5k2x3a1b2c3d4e5f6
         */
        WebhookId: string;
    };
    requestBodies: never;
    headers: {
        /** @description The encodings that are read, where the encoding of the body is not one of them. */
        AcceptEncoding: string;
        /** @description Seconds since then. */
        Age: number;
        /** @description `max-age`, `stale-while-revalidate`, `stale-if-error`. */
        CacheControl: string;
        /** @description Strong; changes with every byte of the book, and with the format. */
        ETag: string;
        /** @description `true` when this is the answer of an earlier request with the same key. */
        IdempotencyReplayed: string;
        /** @description When the copy was fetched. */
        LastModified: string;
        /** @description `<…>; rel="next"` while there are more pages; `<…>; rel="related"` for the items that an answer leaves out. */
        Link: string;
        /** @description Where to read what was made or queued. */
        Location: string;
        /** @description `wait=n`, when the wait was granted. */
        PreferenceApplied: string;
        /** @description Seconds, with jitter. */
        RetryAfter: number;
        /** @description The session: `HttpOnly`, `SameSite=Strict`, `Secure` on https. */
        SetCookie: string;
        /** @description `Accept`: the format depends on it. */
        Vary: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    parseLinks: {
        parameters: {
            query?: {
                /** @description `interactive` overtakes `normal`, which overtakes `bulk`. */
                priority?: components["schemas"]["Priority"];
                /** @description Seconds: a stored copy that is older is fetched again; 0 forces it. Without it `BOOK_TTL` decides. */
                maxAge?: number;
                /** @description Where to tell that the batch ended. */
                webhook?: string;
                /** @description `true`: answers what the submission would bring, and makes none. Goodreads is asked for first pages of collections alone: 20 at most, for 8 s in all. `offline`: the same, and Goodreads is asked for nothing. */
                dryRun?: "true" | "false" | "offline";
                /** @description Books taken from one collection at most. */
                maxBooks?: number;
                /** @description Pages read of one collection at most; without it as many as there are. */
                maxPages?: number;
                /**
                 * @description No page of a collection is read after this time (RFC 3339). The books that were found stay in the batch.
                 * @example 2030-01-31T12:00:00Z
                 */
                deadline?: string;
                /** @description `one-per-work`: of the editions of one work in a collection, only the first is taken. Rows that do not name their work are all taken. */
                editions?: "as-listed" | "one-per-work";
                /** @description The batch takes more links with `POST /batches/{batchId}/links`, until `POST /batches/{batchId}/close` or 24 h after the last addition. */
                open?: boolean;
                /**
                 * @description Which books the batch looks for: `until` of the body, as JSON.
                 * @example {"field":"rating","gte":4.5}
                 */
                until?: string;
            };
            header?: {
                /**
                 * @description `wait=n` (n ≤ 30): answers as soon as all items are settled, or after n seconds with what there is.
                 * @example wait=10
                 */
                prefer?: string;
                /** @description The same key with the same links and options is done once; its answer is sent again for 24 h. With `Prefer: wait` it is told as it stands after the wait. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Links"] | components["schemas"]["LinksWithOptions"];
                /**
                 * @example https://www.goodreads.com/book/show/2767052
                 *     https://www.goodreads.com/book/show/6148028
                 */
                "text/plain": string;
                /**
                 * @example Book Id,Title,ISBN,ISBN13
                 *     2767052,"The Hunger Games","=""0439023483""","=""9780439023481"""
                 */
                "text/csv": string;
            };
        };
        responses: {
            /** @description Nothing had to be queued, all items were settled while waiting, or the submission was only tried. */
            200: {
                headers: {
                    /** @description Where the batch is; absent after a dry run. */
                    Location?: string;
                    "Preference-Applied": components["headers"]["PreferenceApplied"];
                    Link: components["headers"]["Link"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmitAnswer"] | components["schemas"]["DryRun"];
                };
            };
            /** @description The links are queued. */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Preference-Applied": components["headers"]["PreferenceApplied"];
                    Link: components["headers"]["Link"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmitAnswer"];
                };
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. `no-valid-links`: No link in the list names a Goodreads book. `webhook-target-refused`: That URL may not be called. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            /** @description `idempotency-conflict`: The first request with this Idempotency-Key is still being handled. */
            409: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["ListTooLarge"];
            415: components["responses"]["NoLinksType"];
            422: components["responses"]["IdempotencyMismatch"];
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    getBookInfo: {
        parameters: {
            query?: {
                /** @description The format of the answer. It wins over `Accept`. `biblatex` and `bibtex` share a media type: `Accept` means `bibtex`. */
                format?: components["parameters"]["Format"];
                /**
                 * @description A link to the book, percent-encoded, in any form; or its bare number, ISBN or ASIN.
                 * @example https://www.goodreads.com/book/show/2767052-the-hunger-games
                 */
                url?: string;
                /** @description Goodreads' book number, such as `2767052`, or a link with it. */
                id?: string;
                /** @description ISBN-10 or ISBN-13, such as `9780439023481`, or a link with it. */
                isbn?: string;
                /** @description Submits the book when there is neither a copy nor a job. */
                submit?: components["parameters"]["Submit"];
            };
            header?: {
                /**
                 * @description `wait=n` (n ≤ 30): waits up to n seconds for the book.
                 * @example wait=10
                 */
                prefer?: string;
                /** @description The `ETag` of a copy: 304 when it is still the one there is. */
                "if-none-match"?: string;
                /** @description The `Last-Modified` of a copy, for callers without its `ETag`. */
                "if-modified-since"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Book"];
            202: components["responses"]["PendingAccepted"];
            304: components["responses"]["NotModified"];
            /** @description `invalid-book-url`: That names no Goodreads book. `invalid-request`: The request is not of the form this endpoint takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["BookUnknownOrBookNotFound"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["BadGateway"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    searchBooks: {
        parameters: {
            query: {
                /**
                 * @description What to look for: at most 200 characters and 32 words. In writing without spaces each character is a word.
                 * @example quiet rivers
                 */
                q: string;
                /** @description The format of the answer. It wins over `Accept`. `biblatex` and `bibtex` share a media type: `Accept` means `bibtex`. */
                format?: components["parameters"]["Format"];
                /** @description Most books in the answer. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The books found, or none. */
            200: {
                headers: {
                    Vary: components["headers"]["Vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundBooks"];
                    "application/jsonl": string;
                    "text/csv": string;
                    "application/ld+json": {
                        /** @description The vocabulary of the members: `https://schema.org`. */
                        "@context": string;
                    } & {
                        [key: string]: unknown;
                    };
                    "application/x-bibtex": string;
                    "application/x-research-info-systems": string;
                    "application/vnd.citationstyles.csl+json": ({
                        /** @description `goodreads` and the number of the book. */
                        id: string;
                        /** @description What the item is; here it is always `book`. */
                        type: string;
                    } & {
                        [key: string]: unknown;
                    })[];
                    "application/atom+xml": string;
                };
            };
            400: components["responses"]["InvalidQuery"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    find: {
        parameters: {
            query: {
                /**
                 * @description Words of title, author or series, or an ISBN or ASIN: at most 200 characters and 32 words.
                 * @example quiet rivers
                 */
                q: string;
                /** @description Most books in the answer, stored and proposed ones together. */
                limit?: number;
                /** @description Asks Goodreads too: one request at most. */
                source?: "goodreads";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The books found, or none. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Found"];
                };
            };
            400: components["responses"]["InvalidQuery"];
            401: components["responses"]["Unauthorized"];
            /** @description `forbidden`: That is not allowed from there. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listBooks: {
        parameters: {
            query?: {
                /** @description Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Most entries on a page. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of books. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookPage"];
                };
            };
            400: components["responses"]["InvalidPage"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    exportBooks: {
        parameters: {
            query?: {
                /** @description The format of the answer. It wins over `Accept`. `biblatex` and `bibtex` share a media type: `Accept` means `bibtex`. */
                format?: components["parameters"]["Format"];
                /** @description A byte order mark leads `csv`: Excel reads UTF-8 only with it. Other formats have none. */
                bom?: components["parameters"]["Bom"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["BookLines"];
            400: components["responses"]["InvalidFormat"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getBook: {
        parameters: {
            query?: {
                /** @description The format of the answer. It wins over `Accept`. `biblatex` and `bibtex` share a media type: `Accept` means `bibtex`. */
                format?: components["parameters"]["Format"];
                /** @description Submits the book when there is neither a copy nor a job. */
                submit?: components["parameters"]["Submit"];
            };
            header?: never;
            path: {
                /**
                 * @description Goodreads' book number.
                 * @example 2767052
                 */
                bookId: components["parameters"]["BookId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Book"];
            202: components["responses"]["PendingAccepted"];
            304: components["responses"]["NotModified"];
            /** @description `invalid-request`: The request is not of the form this endpoint takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["BookUnknownOrBookNotFound"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            502: components["responses"]["BadGateway"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    deleteBook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Goodreads' book number.
                 * @example 2767052
                 */
                bookId: components["parameters"]["BookId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The book is deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            /** @description `book-unknown`: There is no copy of this book, and no job for it. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    refreshBook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Goodreads' book number.
                 * @example 2767052
                 */
                bookId: components["parameters"]["BookId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job is queued, or one was live already. */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobStatus"];
                };
            };
            400: components["responses"]["InvalidJson"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["NoBookNumber"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    putPage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Goodreads' book number.
                 * @example 2767052
                 */
                bookId: components["parameters"]["BookId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "text/html": string;
            };
        };
        responses: {
            /** @description The page was read. */
            200: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Goodreads' book number. */
                        bookId: string;
                        /** @description `true`: the book is stored as this page has it. `false`: the copy that was there stays. */
                        stored: boolean;
                        /**
                         * @description `older`, `poorer`: why the copy that was there stays.
                         * @enum {string}
                         */
                        outcome: "stored" | "older" | "poorer";
                    };
                };
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["NoBookNumber"];
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body is of a type this endpoint does not read. */
            415: {
                headers: {
                    "Accept-Encoding": components["headers"]["AcceptEncoding"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `page-refused`: That is not the page of this book. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    uploadPages: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /** @example <!DOCTYPE html><html><head><title>A saved page</title></head><body></body></html> */
                "text/html": string;
                "multipart/form-data": {
                    /** @description Pages and archives; any field name is taken. */
                    file: string[];
                };
                "application/zip": string;
                "application/x-zip-compressed": string;
                "application/json": {
                    /** @description As a browser saves it. */
                    log: Record<string, never>;
                };
                "application/har+json": string;
                "application/warc": string;
                "application/gzip": string;
                "application/x-gzip": string;
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description The upload was read. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadedPages"];
                };
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: The body is of a type this endpoint does not read. */
            415: {
                headers: {
                    "Accept-Encoding": components["headers"]["AcceptEncoding"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    listBatches: {
        parameters: {
            query?: {
                /** @description `open`: items are not settled yet. Without it all are listed. */
                state?: "open" | "ended";
                /** @description Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Most entries on a page. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of batches. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BatchPage"];
                };
            };
            400: components["responses"]["InvalidPage"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getBatch: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description `wait=n` (n ≤ 30): answers as soon as the batch has ended, or after n seconds with what there is.
                 * @example wait=10
                 */
                prefer?: string;
                /** @description The `ETag` of an earlier answer. */
                "if-none-match"?: string;
            };
            path: {
                /**
                 * @description As in the answer of `POST /parse-links`.
                 * @example 01k9zq3v8e6m
                 */
                batchId: components["parameters"]["BatchId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The batch. */
            200: {
                headers: {
                    /** @description Of the batch as it stands. */
                    ETag: string;
                    /** @description Seconds, with jitter; absent when the batch has ended. */
                    "Retry-After"?: number;
                    "Preference-Applied": components["headers"]["PreferenceApplied"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
            /** @description The batch is as the caller has it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["BatchUnknown"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    cancelBatch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /parse-links`.
                 * @example 01k9zq3v8e6m
                 */
                batchId: components["parameters"]["BatchId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The batch is cancelled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The batch, for `GET /batches/{batchId}`. */
                        batchId: string;
                        /** @description Items that this request cancelled. */
                        cancelled: number;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["BatchUnknown"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listBatchItems: {
        parameters: {
            query?: {
                /** @description State of an item. `delayed`: it waits for the next attempt. `blocked`: it waits until Goodreads answers again, or can be reached again. */
                state?: components["schemas"]["ItemState"];
                /** @description Tells of each item its stored book too, in short. */
                books?: boolean;
                /** @description Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Most entries on a page. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /parse-links`.
                 * @example 01k9zq3v8e6m
                 */
                batchId: components["parameters"]["BatchId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of items. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemPage"];
                };
            };
            400: components["responses"]["InvalidPage"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["BatchUnknown"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    exportBatch: {
        parameters: {
            query?: {
                /** @description The format of the answer. It wins over `Accept`. `biblatex` and `bibtex` share a media type: `Accept` means `bibtex`. */
                format?: components["parameters"]["Format"];
                /** @description A byte order mark leads `csv`: Excel reads UTF-8 only with it. Other formats have none. */
                bom?: components["parameters"]["Bom"];
            };
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /parse-links`.
                 * @example 01k9zq3v8e6m
                 */
                batchId: components["parameters"]["BatchId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["BookLines"];
            400: components["responses"]["InvalidFormat"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["BatchUnknown"];
            406: components["responses"]["NotAcceptable"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    addLinks: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same links is done once; its answer is sent again for 24 h. */
                "idempotency-key"?: string;
            };
            path: {
                /**
                 * @description As in the answer of `POST /parse-links`.
                 * @example 01k9zq3v8e6m
                 */
                batchId: components["parameters"]["BatchId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example https://www.goodreads.com/book/show/2767052
                 *     https://www.goodreads.com/book/show/6148028
                 */
                "text/plain": string;
                /**
                 * @example Book Id,Title,ISBN,ISBN13
                 *     2767052,"The Hunger Games","=""0439023483""","=""9780439023481"""
                 */
                "text/csv": string;
                "application/json": components["schemas"]["Links"] | components["schemas"]["AddedLinks"];
            };
        };
        responses: {
            /** @description Nothing had to be queued. */
            200: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmitAnswer"];
                };
            };
            /** @description The links are queued. */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    "Idempotency-Replayed": components["headers"]["IdempotencyReplayed"];
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SubmitAnswer"];
                };
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. `no-valid-links`: No link in the list names a Goodreads book. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["BatchUnknown"];
            /** @description `batch-closed`: The batch takes no more links. `idempotency-conflict`: The first request with this Idempotency-Key is still being handled. */
            409: {
                headers: {
                    /** @description Seconds, with jitter. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["ListTooLarge"];
            415: components["responses"]["NoLinksType"];
            422: components["responses"]["IdempotencyMismatch"];
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    closeBatch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /parse-links`.
                 * @example 01k9zq3v8e6m
                 */
                batchId: components["parameters"]["BatchId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The batch. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
            400: components["responses"]["InvalidJson"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["BatchUnknown"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    streamBatchEvents: {
        parameters: {
            query?: never;
            header?: {
                /** @description The id of the last event received. Browsers send it by themselves. */
                "last-event-id"?: string;
            };
            path: {
                /**
                 * @description As in the answer of `POST /parse-links`.
                 * @example 01k9zq3v8e6m
                 */
                batchId: components["parameters"]["BatchId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream of events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The batch has ended, and every event was received. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["BatchUnknown"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            /** @description `overloaded`: Too much is under way at once. `store-unavailable`: The store does not answer. */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description Only failed jobs are listed: the others are found by their batch or book. */
                state?: "failed";
                /** @description Only jobs that failed with this code, such as `crawl-failed`. */
                reason?: "crawl-failed" | "page-not-recognised" | "disallowed" | "poison" | "internal-error";
                /** @description Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Most entries on a page. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of jobs. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            400: components["responses"]["InvalidPage"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listWaitingJobs: {
        parameters: {
            query?: {
                /** @description Most entries on a page. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The jobs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaitingJobs"];
                };
            };
            400: components["responses"]["InvalidPage"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `book-<number>`, `isbn-<isbn13>` or `asin-<asin>`.
                 * @example book-2767052
                 */
                jobId: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["JobUnknown"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `book-<number>`, `isbn-<isbn13>` or `asin-<asin>`.
                 * @example book-2767052
                 */
                jobId: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `cancelled`, or `ended` when there was nothing to cancel. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobStatus"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["JobUnknown"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    retryJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `book-<number>`, `isbn-<isbn13>` or `asin-<asin>`.
                 * @example book-2767052
                 */
                jobId: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description `live`: the job is not settled, so there is nothing to retry. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobStatus"];
                };
            };
            /** @description The job is queued. */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobStatus"];
                };
            };
            400: components["responses"]["InvalidJson"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["JobUnknown"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    redriveFailures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "reason": "crawl-failed",
                 *       "limit": 100
                 *     }
                 */
                "application/json": components["schemas"]["Redrive"];
            };
        };
        responses: {
            /** @description The jobs are queued. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Jobs that were queued. */
                        queued: number;
                    };
                };
            };
            400: components["responses"]["InvalidJson"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["RateLimitedOrQuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    listWebhooks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhooks. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookList"];
                };
            };
            400: components["responses"]["UnknownParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    createWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "url": "https://receiver.example.com/quire",
                 *       "events": [
                 *         "batch.*"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description The new webhook. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. `webhook-target-refused`: That URL may not be called. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            /** @description `too-many-webhooks`: There are too many webhooks. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    getWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /webhooks`.
                 * @example wh0mhf5k2x3a1b2c3d4e5f6
                 */
                webhookId: components["parameters"]["WebhookId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Webhook"];
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["WebhookUnknown"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    deleteWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /webhooks`.
                 * @example wh0mhf5k2x3a1b2c3d4e5f6
                 */
                webhookId: components["parameters"]["WebhookId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook is deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["WebhookUnknown"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /webhooks`.
                 * @example wh0mhf5k2x3a1b2c3d4e5f6
                 */
                webhookId: components["parameters"]["WebhookId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rotate"] | null;
            };
        };
        responses: {
            /** @description The webhook, with its new secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
                };
            };
            400: components["responses"]["InvalidJson"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["WebhookUnknown"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    enableWebhook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /webhooks`.
                 * @example wh0mhf5k2x3a1b2c3d4e5f6
                 */
                webhookId: components["parameters"]["WebhookId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["Webhook"];
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            404: components["responses"]["WebhookUnknown"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listEventTypes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The types. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventTypes"];
                };
            };
            400: components["responses"]["UnknownParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                /** @description Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Most entries on a page. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path: {
                /**
                 * @description As in the answer of `POST /webhooks`.
                 * @example wh0mhf5k2x3a1b2c3d4e5f6
                 */
                webhookId: components["parameters"]["WebhookId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of deliveries. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            400: components["responses"]["InvalidPage"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["WebhookUnknown"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listBatchDeliveries: {
        parameters: {
            query: {
                /** @description A batch that asked to be called back. */
                batchId: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery, if there is one. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryPage"];
                };
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As in the list of deliveries; receivers see it as `webhook-id`. */
                deliveryId: components["parameters"]["DeliveryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryDetail"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description `delivery-unknown`: There is no such delivery. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    redeliver: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description As in the list of deliveries; receivers see it as `webhook-id`. */
                deliveryId: components["parameters"]["DeliveryId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery is queued. */
            202: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            /** @description `delivery-unknown`: There is no such delivery. `webhook-unknown`: There is no such webhook. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `webhook-disabled`: The webhook is disabled. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getSource: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The source. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Source"];
                };
            };
            400: components["responses"]["UnknownParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getLedger: {
        parameters: {
            query?: {
                /** @description How many days (UTC), today included. */
                days?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ledger. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ledger"];
                };
            };
            /** @description `invalid-request`: The request is not of the form this endpoint takes. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getParserHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The comparison. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParserHealth"];
                };
            };
            400: components["responses"]["UnknownParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getJobPage: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description `book-<number>`, `isbn-<isbn13>` or `asin-<asin>`.
                 * @example book-2767052
                 */
                jobId: components["parameters"]["JobId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page, byte for byte. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            /** @description `job-unknown`: There is no such job. `not-found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            400: components["responses"]["UnknownParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "library-import",
                 *       "scopes": [
                 *         "read",
                 *         "submit"
                 *       ]
                 *     }
                 */
                "application/json": {
                    /**
                     * @description Who or what gets it.
                     * @example library-import
                     */
                    name: string;
                    /**
                     * @description What it may do.
                     * @example [
                     *       "read",
                     *       "submit"
                     *     ]
                     */
                    scopes: ("read" | "submit" | "admin")[];
                    /**
                     * @description When it ends (RFC 3339). Without it, the key lasts until it is revoked.
                     * @example 2031-01-01T00:00:00Z
                     */
                    expiresAt?: string | null;
                    limits?: components["schemas"]["KeyLimits"];
                };
            };
        };
        responses: {
            /** @description The new key. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            400: components["responses"]["InvalidJson"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            /** @description `too-many-keys`: There are too many keys. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description As `GET /keys` lists it.
                 * @example k0a1b2c3d4e5
                 */
                keyId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            /** @description `key-unknown`: There is no such key. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    audit: {
        parameters: {
            query?: {
                /** @description Where the page begins: take it from the `Link: <…>; rel="next"` header (or `cursor`) of the page before. */
                cursor?: components["parameters"]["Cursor"];
                /** @description Most entries on a page. */
                limit?: components["parameters"]["Limit"];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of entries. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditPage"];
                };
            };
            400: components["responses"]["InvalidPage"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Who asks. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["UnknownParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    signIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "key": "quire_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 *     }
                 */
                "application/json": {
                    /** @description The key itself. */
                    key: string;
                };
            };
        };
        responses: {
            /** @description Who is signed in. */
            200: {
                headers: {
                    "Set-Cookie": components["headers"]["SetCookie"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["InvalidJson"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailableOrOverloaded"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description There is no session any more. */
            204: {
                headers: {
                    "Set-Cookie": components["headers"]["SetCookie"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["ForbiddenOrOtherOrigin"];
            413: components["responses"]["BodyTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    livez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process runs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @description Always `ok`.
                         * @enum {string}
                         */
                        status: "ok";
                        /** @description Quire's version. */
                        version: string;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process takes requests. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /**
                         * @description Always `true`.
                         * @enum {boolean}
                         */
                        ready: true;
                        /** @description Each check, and what it said. */
                        checks: {
                            [key: string]: string;
                        };
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            /** @description `not-ready`: This process takes no requests for now. `store-unavailable`: The store does not answer. */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                    "application/openmetrics-text": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    stats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The backlog. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["UnknownParameter"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    listErrors: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["HtmlPage"];
            400: components["responses"]["InvalidRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    getError: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The code of the error.
                 * @example book-unknown
                 */
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["HtmlPage"];
            400: components["responses"]["InvalidRequest"];
            403: components["responses"]["Forbidden"];
            /** @description `not-found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    home: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["HtmlPage"];
            /** @description The browser has it already. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            403: components["responses"]["Forbidden"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    openapiJson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
    openapiYaml: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": string;
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["QuotaExceeded"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["StoreUnavailable"];
        };
    };
}
