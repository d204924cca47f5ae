/** What Facebook answers in a sandbox, as far as tests read it. */
import type {GraphClient} from "./graph-client.ts";

export interface Summary {
  data: object[];
  summary: {total_count: number};
}

export interface Insight {
  name: string;
  period: string;
  values: {value: number | Record<string, number>; end_time?: string}[];
  id: string;
}

export interface Post {
  id: string;
  message: string;
  created_time: string;
  permalink_url: string;
  status_type: string;
  is_published: boolean;
  full_picture?: string;
  from: {id: string};
  shares?: {count: number};
  reactions: Summary;
  comments: Summary;
  attachments?: {data: {media_type: string; type: string; target: {id?: string}; subattachments?: {data: object[]}}[]};
  insights: {data: Insight[]};
}

/** Every published post, with the fields asked for. */
export async function everyPost(own: GraphClient, fields: string): Promise<Post[]> {
  return (await own.pages<Post>(`/${own.id}/published_posts?limit=100&fields=${fields}`)).flatMap(({data}) => data);
}
