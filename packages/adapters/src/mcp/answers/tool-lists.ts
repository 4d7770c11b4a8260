/** Takes tools out of the answers to `tools/list`. */
export class ToolLists {
  readonly #isHidden: (tool: string) => boolean;

  constructor(isHidden: (tool: string) => boolean) {
    this.#isHidden = isHidden;
  }

  /** A body as it is sent: one message, a list of them, or events with a message each. What is neither stays as it is. */
  without(body: string, isEventStream: boolean): string {
    if (!isEventStream) return this.#inText(body);
    // A line of an event ends at nothing else, whatever ends one in a regular expression.
    return body.replace(
      /(^|[\r\n])data: ?([^\r\n]*)/g,
      (_line, before, data) => `${before}data: ${this.#inText(data)}`,
    );
  }

  #inText(text: string): string {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return text;
    }
    return [value].flat().filter((message) => this.#shorten(message)).length > 0 ? JSON.stringify(value) : text;
  }

  /** Gives back whether there was anything to take out. */
  #shorten(message: unknown): boolean {
    const result = (message as { result?: { tools?: unknown } } | null)?.result;
    if (!Array.isArray(result?.tools)) return false;
    const tools = result.tools.filter((tool) => !this.#isHidden(String((tool as { name?: unknown } | null)?.name)));
    if (tools.length === result.tools.length) return false;
    result.tools = tools;
    return true;
  }
}
