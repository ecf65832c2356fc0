/** Resolves once the condition holds; fails after five seconds. */
export async function eventually(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`It never came to pass: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
