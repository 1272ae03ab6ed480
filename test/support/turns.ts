import assert from 'node:assert/strict';

/** Turns of the event loop, so that the scheduler does what is planned. */
export async function turns(count = 5): Promise<void> {
  for (let index = 0; index < count; index += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `condition` holds; fails the test when it does not within a time that a busy machine does not need. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await condition())) {
    assert.ok(performance.now() < deadlineMs, `It did not come about within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
