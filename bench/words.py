"""What docs/performance.md says around its figures."""

from __future__ import annotations

BEGINNING = """# Performance

Written by `make bench` on {day} from what it measured in {minutes} minutes; no figure here is typed by hand.

{machine}

**How it is measured.** On shared cores the same thing takes twice as long a minute later, so an absolute figure is worth little. Whatever is compared is measured in one run, in short slices in turn; a ratio is the fastest slice against the fastest slice, with the smallest and largest ratio of neighbouring slices beside it and how many there were. *Server time* is the time that the store itself counts for its function calls. A figure without a limit is told, not judged.

**To repeat it:** `make bench` (about twenty minutes on two quiet cores, then this page is new), `make bench ARGS=--quick` (two minutes, smaller crowds, leaves this page alone), `make bench ARGS="--only backlog"` (one group). BullMQ is fetched by npm where Node.js is installed. PostgreSQL is the server that `TIERLINE_TEST_DATABASE_URL` names, or one that the bench starts for itself.

## The bars

![Each bar as a share of its limit](performance-bars.svg)

{bars}

{missed}
The relay is what one would write oneself in an afternoon ([bench/peers/relay.py](../bench/peers/relay.py)): it checks Twilio's signature, writes the text to a stream on disk, and a consumer posts it to a Slack channel as a message of an offer's size, buttons included. Both are asked over sixteen connections at the same moment, one text each, with the stand-ins' limits off. What Tierline has done by then besides: found or made the customer, looked whether the text belongs to an open contact, applied the plan, ranked, chosen the agent, and asked that one person with buttons and a deadline. What is measured is a burst, so the median waits for the processor time of about half of its sixteen; product or relay, their store, the stand-ins and the client that sends all share this machine's cores, and the time begins when the client begins to send, not when it has. *One at a time* is the same with a single text each, when nothing else is under way: there the product's second and third question to its store are what remains. *The core alone* ([bench/peers/core_relay.py](../bench/peers/core_relay.py)) is the relay's own door and post with this queue's script in place of the append, and Slack's library in place of a bare POST: no rules, no customer, no card, no desk. Where that already takes longer than the bar allows, the bar is not a matter of how the rest is written.

Mail comes in over twenty connections, as many as Postfix opens to one destination, as fast as it is answered; and, told beside it, over eight, where the processor waits for the disk as often as not. The bare server is aiosmtpd with a handler of some ten lines ([bench/peers/smtp.py](../bench/peers/smtp.py)): it appends each mail to a file, fsyncs, and says 250. Tierline has by then kept the bytes in a file of their own, read the mail in another process, found out whether it belongs to a conversation, and stored a contact, each on disk.

Calls are played with the stand-ins' limits off. What a caller hears is a document that Twilio asks for: how soon it is there is measured at the one who asks, over all calls of the run, those that are two steps of a menu as well. Whoever waits asks for the next document when the last one has been heard; as long as that takes, they hear silence. With the store stopped (SIGSTOP) a document comes from memory.

The desk is played as it is delivered, against a Slack that enforces its limits (one message a second and channel with bursts of five, fifty changes and twenty emoji taken off a minute, a hundred Homes): 200 agents in four teams of two channels, 1,000 contacts with open threads, then for two minutes five customers' lines a second, every twenty seconds five new contacts that are offered to two agents each, answers that the carrier says never arrived, and as many closed as come. Time runs from the text, press or receipt to the beginning of the request that shows it. What was never seen counts as never. The contacts are opened before, with the limits off, and the product is started anew for the load. With the store stopped, buttons are pressed fifty a second; what counts is when Slack has its acknowledgement.

"""
QUEUES = """## Other queues on the same work

{jobs} jobs of 190 bytes: pushed by 16 tasks, then taken and finished by ten workers in one process; then {single} single jobs, 5 ms apart, into the idle queue. Every queue has a fresh server with the same promise, `appendfsync always`: what is confirmed is on disk. (Most people run these queues with less; all of them are then faster, Tierline too.) For Tierline a job is a contact: it is matched by skill, tier and rank, *offered* to one of ten agents, accepted, read, completed, and every step is in the ledger.

![Jobs pushed a second](performance-push.svg)
![Jobs taken and finished a second](performance-take.svg)

{table}

**What these don't do.** {lacks}

{wins}
"""
LACKS = {
    "BLMOVE": "plain lists give the oldest job to whoever asks first: no skills, no ranks, no capacity, no offers; what a dead worker held, you sweep yourself",
    "Streams": "a consumer group hands out entries in batches and remembers who has what; no skills, no ranks, no choice of worker; reclaiming is yours",
    "taskiq-redis": "a task framework: routing by task name, retries, schedules; no skills of workers, no ranks, no capacity but a number of tasks",
    "saq": "retries, timeouts, a sweep, schedules and a page; no skills of workers, and a priority is a queue of its own",
    "BullMQ": "priorities, delays, rate limits, flows; no skills or levels of workers, no capacity in units, no person to be asked",
}
PICKS = """## One assignment, by how much waits

An agent is free: find the contact due earliest among everything they may take, make it theirs, on disk. 100 classes, 50 kinds of agents who each serve 20; half of what waits belongs to a class that nobody serves and is due earliest, as after a night. One caller; ms, the best of the slices' medians. For Tierline it is two calls (the contact before is completed, which makes the offer; the offer is accepted) and a look into the ledger between them.

![One assignment by backlog](performance-picks.svg)

{table}

**What these don't do.** *Loop in the program* loads what waits and looks at it in order, as helpdesks do. *class IN / ANY* is one query over the agent's classes. *A probe for each class* is what an expert would write. All of them answer one agent's question; none chooses among several who are free, counts capacity by channel, has offers that can be declined or missed, excludes anybody, wakes up at a date, or writes down why.

{wins}
"""
ABSENT = "**Not measured here:** {}\n"
ALIKE = (
    "If jobs are all alike and any worker will do, take one of the faster ones: what Tierline spends more it spends on "
    "deciding who is asked, and on being able to say why."
)
SMALL = (
    "For a small backlog a database that is there anyway does this as well; a probe for each class also stays flat. "
    "What loads or sorts everything that waits gets slower with every contact that waits."
)
