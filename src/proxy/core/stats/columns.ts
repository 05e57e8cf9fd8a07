// The columns of `show stat` in HAProxy 2.6's order, and what it says of their values in `show stat typed` and JSON.

/** Readers go by these names and this order. `-` ends those that every kind of row may have. */
export const columns = (
  'pxname svname qcur qmax scur smax slim stot bin bout dreq dresp ereq econ eresp wretr wredis status weight act bck ' +
  'chkfail chkdown lastchg downtime qlimit pid iid sid throttle lbtot tracked type rate rate_lim rate_max check_status ' +
  'check_code check_duration hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other hanafail req_rate req_rate_max ' +
  'req_tot cli_abrt srv_abrt comp_in comp_out comp_byp comp_rsp lastsess last_chk last_agt qtime ctime rtime ttime ' +
  'agent_status agent_code agent_duration check_desc agent_desc check_rise check_fall check_health agent_rise agent_fall ' +
  'agent_health addr cookie mode algo conn_rate conn_rate_max conn_tot intercepted dcon dses wrew connect reuse ' +
  'cache_lookups cache_hits srv_icur src_ilim qtime_max ctime_max rtime_max ttime_max eint idle_conn_cur safe_conn_cur ' +
  'used_conn_cur need_conn_est uweight agg_server_status agg_server_check_status agg_check_status - ' +
  'ssl_sess ssl_reused_sess ssl_failed_handshake h2_headers_rcvd h2_data_rcvd h2_settings_rcvd h2_rst_stream_rcvd ' +
  'h2_goaway_rcvd h2_detected_conn_protocol_errors h2_detected_strm_protocol_errors h2_rst_stream_resp h2_goaway_resp ' +
  'h2_open_connections h2_backend_open_streams h2_total_connections h2_backend_total_streams h1_open_connections ' +
  'h1_open_streams h1_total_connections h1_total_streams h1_bytes_in h1_bytes_out h1_spliced_bytes_in h1_spliced_bytes_out'
).split(' ');

/** Origin, nature and scope in three letters, then the type of the value. */
export const columnTags: Readonly<Record<string, string>> = tagsOf({
  'KNS str': 'pxname svname',
  'MGP u32': 'scur qcur srv_icur idle_conn_cur safe_conn_cur used_conn_cur need_conn_est',
  'MMP u32': 'smax rate_max req_rate_max conn_rate_max qmax qtime_max ctime_max rtime_max ttime_max',
  'CLP u32': 'slim rate_lim qlimit',
  'MCP u64':
    'stot bin bout dreq dresp ereq hrsp_1xx hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other req_tot comp_in comp_out ' +
    'comp_byp comp_rsp conn_tot intercepted dcon dses wrew cache_lookups cache_hits eint econ eresp wretr wredis ' +
    'chkfail chkdown lbtot cli_abrt srv_abrt connect reuse hanafail ssl_sess ssl_reused_sess',
  'SGP str': 'status',
  'SGP u32': 'act bck',
  'KGP u32': 'pid',
  'KGS u32': 'iid sid',
  'CGS u32': 'type check_rise check_fall check_health',
  'MRP u32': 'rate req_rate conn_rate',
  'CGS str': 'mode addr algo',
  'MaP u32': 'weight qtime ctime rtime ttime uweight throttle',
  'MAP u32': 'lastchg',
  'MCP u32': 'downtime',
  'MOP str': 'check_status last_chk check_desc',
  'MDP u64': 'check_duration',
  'MOP u32': 'check_code',
  'MAP s32': 'lastsess',
  'CNS str': 'cookie tracked',
});

/** Where backends differ: they count their servers, which are active or not. */
export const backendTags: Readonly<Record<string, string>> = tagsOf({ 'MGP u32': 'act bck rate rate_max' });

export const infoTags: Readonly<Record<string, string>> = tagsOf({
  'POS str': 'Name Version Release_date',
  'CGS u32': 'Nbthread Nbproc',
  'KGP u32': 'Process_num',
  'SGP u32': 'Pid',
  'MDP str': 'Uptime',
  'MDP u32': 'Uptime_sec Start_time_sec',
  'CLP u32': 'Maxconn Hard_maxconn Maxsock Memmax_MB Ulimit-n Maxpipes',
  'MCP u32': 'CumConns CumReq',
  'MRP u32': 'ConnRate SessRate MaxSessRate',
  'MMP u32': 'MaxConnRate',
  'MGP u64': 'TotalBytesOut',
  'MaP u32': 'Idle_pct',
  'COS str': 'node',
});

function tagsOf(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(groups).flatMap(([tag, names]) => names.split(' ').map((name) => [name, tag] as const)),
  );
}

/** What each code of a check means, as `check_desc` says it. */
export const checkDescriptions: Readonly<Record<string, string>> = {
  INI: 'Initializing',
  SOCKERR: 'Socket error',
  L4OK: 'Layer4 check passed',
  L4TOUT: 'Layer4 timeout',
  L4CON: 'Layer4 connection problem',
  L6OK: 'Layer6 check passed',
  L6TOUT: 'Layer6 timeout',
  L6RSP: 'Layer6 invalid response',
  L7TOUT: 'Layer7 timeout',
  L7RSP: 'Layer7 invalid response',
  L7OK: 'Layer7 check passed',
  L7OKC: 'Layer7 check conditionally passed',
  L7STS: 'Layer7 wrong status',
};

/** The number of each code in `show servers state`. */
export const checkNumbers: Readonly<Record<string, number>> = {
  INI: 1, SOCKERR: 5, L4OK: 6, L4TOUT: 7, L4CON: 8, L6OK: 9, L6TOUT: 10, L6RSP: 11, L7TOUT: 12, L7RSP: 13, L7OK: 15,
  L7OKC: 16, L7STS: 17,
}; // prettier-ignore
