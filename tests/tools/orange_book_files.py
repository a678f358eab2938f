"""Orange Book files as the FDA lays them out, with two products and a disputed patent."""

from pathlib import Path

PRODUCTS = """\
Ingredient~DF;Route~Trade_Name~Applicant~Strength~Appl_Type~Appl_No~Product_No~TE_Code~\
Approval_Date~RLD~RS~Type~Applicant_Full_Name
LOSARTAN POTASSIUM~TABLET;ORAL~COZAAR~ORGANON~25MG~N~020386~001~AB~Apr 14, 1995~Yes~No~RX~\
ORGANON LLC
TAPENTADOL~TABLET;ORAL~NUCYNTA~COLLEGIUM~50MG~N~022304~001~~Nov 20, 2008~Yes~No~RX~COLLEGIUM
a row that broke
"""
PATENTS = """\
Appl_Type~Appl_No~Product_No~Patent_No~Patent_Expire_Date_Text~Drug_Substance_Flag~\
Drug_Product_Flag~Patent_Use_Code~Delist_Flag~Submission_Date
N~020386~001~5138069~Aug 11, 2009~Y~Y~U-1~~
N~022304~001~7994364~Jun 27, 2025~Y~Y~~~
N~200533~001~7994364~Dec 27, 2025~Y~Y~~~
"""
EXCLUSIVITY = """\
Appl_Type~Appl_No~Product_No~Exclusivity_Code~Exclusivity_Date
N~022304~001~NPP~Jul 3, 2026
"""


def write(folder: Path, *, encoding: str = "utf-8") -> Path:
    """The three files in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (
        ("products", PRODUCTS),
        ("patent", PATENTS),
        ("exclusivity", EXCLUSIVITY),
    ):
        (folder / f"{name}.txt").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    return folder
