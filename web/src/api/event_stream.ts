/** Reads Server-Sent Events from text as it comes, in pieces cut anywhere (WHATWG HTML, section 9.2). */

export interface StreamMessage {
  /** `message` when the stream names none. */
  event: string;
  /** Null for an id without data: it moves the position and is no event. */
  data: string | null;
  /** Null when the message brings none. */
  id: string | null;
}

export class EventStreamReader {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private id: string | null = null;

  /** Takes the next piece; answers the messages that it completes. */
  feed(piece: string): StreamMessage[] {
    const lines = (this.rest + piece).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    const messages: StreamMessage[] = [];
    for (const line of lines) {
      if (line === '') this.complete(messages);
      else this.read(line);
    }
    return messages;
  }

  private read(line: string): void {
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (field === 'event') this.event = value;
    else if (field === 'data') this.data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.id = value;
  }

  private complete(messages: StreamMessage[]): void {
    if (this.data.length > 0 || this.id !== null) {
      messages.push({
        event: this.event || 'message',
        data: this.data.length > 0 ? this.data.join('\n') : null,
        id: this.id,
      });
    }
    this.event = '';
    this.data = [];
    this.id = null;
  }
}
