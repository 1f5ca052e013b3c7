"""Small files as vendors write them, in their documented columns, scales and codes."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

DBN = "ts_recv,ts_event,rtype,publisher_id,instrument_id"
LEVEL = "bid_px_00,ask_px_00,bid_sz_00,ask_sz_00,bid_ct_00,ask_ct_00"
MBP_1 = f"{DBN},action,side,depth,price,size,flags,ts_in_delta,sequence,{LEVEL}"
TRADES = f"{DBN},action,side,depth,price,size,flags,ts_in_delta,sequence"
OHLCV = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume"
TAQ_TRADE = (
    "Time|Exchange|Symbol|Sale_Condition|Trade_Volume|Trade_Price|Trade_Stop_Stock_Indicator|"
    "Trade_Correction_Indicator|Sequence_Number|Trade_Id|Source_of_Trade|Trade_Reporting_Facility|"
    "Participant_Timestamp|Trade_Reporting_Facility_TRF_Timestamp|Trade_Through_Exempt_Indicator"
)
TAQ_QUOTE = (
    "Time|Exchange|Symbol|Bid_Price|Bid_Size|Offer_Price|Offer_Size|Quote_Condition|"
    "Sequence_Number|National_BBO_Ind|FINRA_BBO_Indicator|FINRA_ADF_MPID_Indicator|"
    "Quote_Cancel_Correction|Source_Of_Quote"
)
# 2018-01-02 14:31:00 UTC, 09:31 in New York.
AT = 1_514_903_460_000_000_000


def dbn(
    ms: int, publisher: int, action: str, price: str, size: int, flags: int = 128, more: str = ""
) -> str:
    """A record of Databento, received a microsecond after the venue's own time."""
    at_ns = AT + ms * 1_000_000
    head = f"{at_ns},{at_ns - 1_000},1,{publisher},323"
    return f"{head},{action},N,0,{price},{size},{flags},1000,7{more}"


def book(bid: str, ask: str, bid_sz: int = 300, ask_sz: int = 200) -> str:
    return f",{bid},{ask},{bid_sz},{ask_sz},1,1"


def taq_trade(
    clock: str, venue: str, conditions: str, size: int, price: str, correction: str, trade_id: str
) -> str:
    return (
        f"{clock}|{venue}|IBM|{conditions}|{size}|{price}|N|{correction}|1|{trade_id}|C||{clock}||0"
    )


class Vendor(NamedTuple):
    """Files of a format, the words of the command for them, and the folder's rows."""

    name: str
    format: str
    files: Mapping[str, str]
    options: tuple[str, ...]
    quotes: tuple[str, ...]  # Without the day.
    trades: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    def write(self, folder: Path) -> list[str]:
        """The paths of the files."""
        paths = []
        for name, text in self.files.items():
            (folder / name).write_text(text)
            paths.append(str(folder / name))
        return paths


def lines(*text: str) -> str:
    return "\n".join(text) + "\n"


A, B, NONE = "157100000000", "157120000000", str(2**63 - 1)
VENDORS = (
    Vendor(
        "databento mbp-1 in units of 1e-9",
        "databento",
        {
            "xnas-itch-20180102.mbp-1.csv": lines(
                MBP_1,
                dbn(0, 2, "A", A, 300, more=book(A, B)),
                dbn(5, 2, "T", B, 150, more=book(A, B, 300, 50)),
                dbn(6, 2, "C", A, 300, more=book(NONE, B, 0, 50)),
                dbn(7, 2, "A", A, 300, flags=4, more=book(A, B)),
                dbn(8, 17, "T", "157110000000", 40, more=book(NONE, NONE, 0, 0)),
                dbn(9, 2, "A", A, 300, flags=8, more=book(A, B)),
            )
        },
        (),
        (
            "14:31:00.000000000Z,Q,157.1,300,157.12,200",
            "14:31:00.005000000Z,Q,157.1,300,157.12,50",
            "14:31:00.006000000Z,Q,,0,157.12,50",
            "14:31:00.008999000Z,Q,157.1,300,157.12,200",
        ),
        (
            "14:31:00.005000000Z,Q,157.12,150,,,",
            "14:31:00.008000000Z,D,157.11,40,,,",
        ),
    ),
    Vendor(
        "databento tbbo, pretty, with symbols",
        "databento",
        {
            "tbbo.csv": lines(
                f"{MBP_1},symbol",
                "2018-01-02T14:31:00.000000005Z,2018-01-02T14:31:00.000000001Z,1,9,5,T,A,0,"
                "157.100000000,30,128,4,7,157.100000000,157.120000000,300,200,1,1,IBM",
                "2018-01-02T14:31:00.000000006Z,2018-01-02T14:31:00.000000001Z,1,9,6,T,A,0,"
                "9.000000000,30,128,4,7,9.000000000,9.100000000,300,200,1,1,F",
            )
        },
        ("--schema", "tbbo"),
        ("14:31:00.000000004Z,N,157.1,300,157.12,200",),
        ("14:31:00.000000005Z,N,157.1,30,,,",),
    ),
    Vendor(
        "databento bars",
        "databento",
        {"x.ohlcv-1m.csv": lines(OHLCV, f"{AT},33,43,323,{A},{B},{A},{B},10")},
        ("--half-spread", "0.01", "--made-size", "500"),
        (
            "14:31:00.000000000Z,P,157.09,500,157.11,500",
            "14:31:19.999999999Z,P,157.09,500,157.11,500",
            "14:31:39.999999999Z,P,157.11,500,157.13,500",
            "14:31:59.999999999Z,P,157.11,500,157.13,500",
        ),
        (
            "14:31:00.000000000Z,P,157.1,2,,,",
            "14:31:19.999999999Z,P,157.1,2,,,",
            "14:31:39.999999999Z,P,157.12,2,,,",
            "14:31:59.999999999Z,P,157.12,4,,,",
        ),
    ),
    Vendor(
        "NYSE TAQ",
        "taq",
        {
            "EQY_US_ALL_TRADE_20180102": lines(
                TAQ_TRADE,
                taq_trade("093100000000005", "N", "@F I", 40, "157.11", "00", "71"),
                taq_trade("093100000000006", "D", "    ", 100, "157.115", "08", "72"),
                "093100000000006|N|F|    |1|9.1|N|00|1|1|C||0||0",
                "END|20180102|3||||||||||||",
            ),
            "SPLITS_US_ALL_BBO_I_20180102": lines(
                TAQ_QUOTE,
                "093100000000001|N|IBM|157.1|3|157.12|2|R|1|0||||C",
                "093100000000002|P|IBM|157.1|3|0|0|R|1|0||||C",
                "093100000000003|N|IBM|157.1|3|157.12|2|N|1|0||||C",
                "093100000000004|N|IBM|157.1|3|157.12|2|R|1|0|||B|C",
                "093100000000005|D|IBM|157.1|3|157.12|2|R|1|0||||C",
                "END|20180102|5|||||||||||",
            ),
        },
        (),
        (
            "14:31:00.000000001Z,N,157.1,3,157.12,2",
            "14:31:00.000000002Z,P,157.1,3,,",
            "14:31:00.000000003Z,N,,,,",
        ),
        (
            "14:31:00.000000005Z,N,157.11,40,@F I,00,71",
            "14:31:00.000000006Z,D,157.115,100,,08,72",
        ),
    ),
    Vendor(
        "LOBSTER",
        "lobster",
        {
            "IBM_2018-01-02_34200000_57600000_message_1.csv": lines(
                "34260.5,1,16,300,1571000,1",
                "34260.500000001,1,17,200,1571200,-1",
                "34261,4,17,150,1571200,-1",
                "34262,5,0,40,1571100,1",
                "34263,6,-1,1000,1571100,-1",
                "34264,7,0,0,-1,-1",
                "34265,7,0,0,1,-1",
            ),
            "IBM_2018-01-02_34200000_57600000_orderbook_1.csv": lines(
                "9999999999,0,1571000,300",
                *["1571200,200,1571000,300", "1571200,50,1571000,300"],
                *["1571200,50,1571000,300"] * 4,
            ),
        },
        (),
        (
            "14:31:00.500000000Z,T,157.1,300,,",
            "14:31:00.500000001Z,T,157.1,300,157.12,200",
            "14:31:01.000000000Z,T,157.1,300,157.12,50",
            "14:31:04.000000000Z,T,,,,",
            "14:31:05.000000000Z,T,157.1,300,157.12,50",
        ),
        (
            "14:31:01.000000000Z,T,157.12,150,,,",
            "14:31:02.000000000Z,T,157.11,40,,,",
            "14:31:03.000000000Z,T,157.11,1000,X,,",
        ),
    ),
    Vendor(
        "Binance trades of 2025, in microseconds",
        "binance",
        {
            "IBM-trades-2025-01-02.csv": lines(
                "51175358,17.80180000,5.69000000,101.29224200,1735828260010866,True,True",
                "51175359,17.80190000,0.01000000,0.17801900,1735828260010867,False,True",
            )
        },
        ("--increment", "0.01", "--half-spread", "0.00001", "--tick", "0.0001"),
        (
            "14:31:00.010866000Z,BINANCE,0.178008,1000,0.178028,1000",
            "14:31:00.010867000Z,BINANCE,0.178009,1000,0.178029,1000",
        ),
        (
            "14:31:00.010866000Z,BINANCE,0.178018,569,,,51175358",
            "14:31:00.010867000Z,BINANCE,0.178019,1,,,51175359",
        ),
    ),
    Vendor(
        "Binance aggTrades of futures, with a header",
        "binance",
        {
            "IBM-aggTrades-2018-01-02.csv": lines(
                "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,maker",
                "26129,157.10,4.704,27781,27781,1514903460153,true",
            )
        },
        ("--increment", "0.001"),
        (),
        ("14:31:00.153000000Z,BINANCE,0.1571,4704,,,26129",),
    ),
    Vendor(
        "bars of a minute",
        "bars",
        {"m.csv": lines("Date,Open,High,Low,Close,Volume", "2018-01-02 09:31:00,3,4,2,2.5,9")},
        ("--time-zone", "America/New_York", "--half-spread", "0.01"),
        (
            "14:31:00.000000000Z,BARS,2.99,1000,3.01,1000",
            "14:31:19.999999999Z,BARS,3.99,1000,4.01,1000",
            "14:31:39.999999999Z,BARS,1.99,1000,2.01,1000",
            "14:31:59.999999999Z,BARS,2.49,1000,2.51,1000",
        ),
        (
            "14:31:00.000000000Z,BARS,3,2,,,",
            "14:31:19.999999999Z,BARS,4,2,,,",
            "14:31:39.999999999Z,BARS,2,2,,,",
            "14:31:59.999999999Z,BARS,2.5,3,,,",
        ),
    ),
    Vendor(
        "trades with numeric conditions and ids",
        "trades",
        {
            "t.csv": lines(
                "timestamp,px,qty,conditions,id,venue",
                '1514903460000,157.11,40,"37,41",a1,N',
                "1514903460,157.12,100,,a2,N",
            )
        },
        ("--conditions", "numeric", "--half-spread", "0.01"),
        (
            "14:31:00.000000000Z,N,157.1,1000,157.12,1000",
            "14:31:00.000000000Z,N,157.11,1000,157.13,1000",
        ),
        (
            '14:31:00.000000000Z,N,157.11,40,"37,41",,a1',
            "14:31:00.000000000Z,N,157.12,100,,,a2",
        ),
    ),
)
