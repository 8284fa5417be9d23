<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="ko" sourcelanguage="en">
<context>
    <name>ArchiveDialog</name>
    <message>
        <source>Archive timestamp</source>
        <translation>보관용 시점확인</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>감정서</translation>
    </message>
    <message>
        <source>In a copy, an authority vouches for the whole report as it is now. The copy can be checked after the certificates in it have expired; it cannot be countersigned.</source>
        <translation>시점확인기관이 지금의 감정서 전체를 사본에서 보증합니다. 사본은 그 안의 인증서가 만료된 뒤에도 검증할 수 있으나, 검토자 서명은 더 할 수 없습니다.</translation>
    </message>
</context>
<context>
    <name>Buttons</name>
    <message>
        <source>Browse…</source>
        <translation>찾아보기…</translation>
    </message>
</context>
<context>
    <name>CaseActions</name>
    <message>
        <source>Open case</source>
        <translation>사건 열기</translation>
    </message>
    <message>
        <source>The passphrase is wrong. Try again:</source>
        <translation>암호가 맞지 않습니다. 다시 입력하십시오:</translation>
    </message>
    <message>
        <source>Passphrase:</source>
        <translation>암호:</translation>
    </message>
    <message>
        <source>Encrypted case</source>
        <translation>암호화된 사건</translation>
    </message>
    <message>
        <source>The case is in use</source>
        <translation>사용 중인 사건</translation>
    </message>
    <message>
        <source>{actor} on {computer} has this case open since {since}.</source>
        <translation>{computer}의 {actor} 사용자가 {since}부터 이 사건을 열어 두고 있습니다.</translation>
    </message>
    <message>
        <source>It can be opened for reading.</source>
        <translation>읽기 전용으로는 열 수 있습니다.</translation>
    </message>
    <message>
        <source>Open read-only</source>
        <translation>읽기 전용으로 열기</translation>
    </message>
    <message>
        <source>Case details</source>
        <translation>사건 정보</translation>
    </message>
    <message>
        <source>the file&apos;s name says {time}</source>
        <translation>파일 이름: {time}</translation>
    </message>
    <message>
        <source>the file says that it was made {time}</source>
        <translation>파일에 적힌 생성 시각: {time}</translation>
    </message>
    <message>
        <source>Checking the case</source>
        <translation>사건 점검</translation>
    </message>
    <message>
        <source>Export the case</source>
        <translation>사건 내보내기</translation>
    </message>
    <message>
        <source>Exporting the case</source>
        <translation>사건 내보내기</translation>
    </message>
    <message>
        <source>Case exported: {path}</source>
        <translation>사건을 내보냈습니다: {path}</translation>
    </message>
    <message>
        <source>Add recordings</source>
        <translation>녹음 추가</translation>
    </message>
    <message>
        <source>No two recordings hold the same sound.</source>
        <translation>같은 소리가 들어 있는 녹음은 없습니다.</translation>
    </message>
    <message>
        <source>{first} at {first_s} = {second} at {second_s}, {duration} s</source>
        <translation>{first}의 {first_s} = {second}의 {second_s}, {duration}초</translation>
    </message>
    <message>
        <source>Shared sound</source>
        <translation>같은 소리</translation>
    </message>
    <message>
        <source>These recordings hold the same sound:</source>
        <translation>다음 녹음에 같은 소리가 들어 있습니다:</translation>
    </message>
    <message>
        <source>Add as questioned</source>
        <translation>문제음성으로 추가</translation>
    </message>
    <message>
        <source>Add as known</source>
        <translation>대조음성으로 추가</translation>
    </message>
    <message>
        <source>Add as reference</source>
        <translation>참고음성으로 추가</translation>
    </message>
    <message numerus="yes">
        <source>%n files or folders</source>
        <translation>
            <numerusform>파일 또는 폴더 %n개</numerusform>
        </translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>취소</translation>
    </message>
    <message>
        <source>The report is signed, verified and saved: {path}</source>
        <translation>감정서에 서명하고 검증한 뒤 저장했습니다: {path}</translation>
    </message>
    <message>
        <source>Saved as an unsigned draft: {path}</source>
        <translation>서명하지 않은 초안으로 저장했습니다: {path}</translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation>감정서 작성</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>감정서 저장</translation>
    </message>
    <message>
        <source>Saving the report</source>
        <translation>감정서 저장</translation>
    </message>
</context>
<context>
    <name>CaseDesk</name>
    <message>
        <source>New case</source>
        <translation>새 사건</translation>
    </message>
    <message>
        <source>Opening {name}</source>
        <translation>{name} 여는 중</translation>
    </message>
    <message>
        <source>Opening the demo</source>
        <translation>예제 여는 중</translation>
    </message>
    <message>
        <source>Adding recordings</source>
        <translation>녹음 추가</translation>
    </message>
    <message>
        <source>Measuring quality</source>
        <translation>품질 측정</translation>
    </message>
    <message>
        <source>Looking for shared sound</source>
        <translation>같은 소리 찾기</translation>
    </message>
    <message>
        <source>Finding speech and speakers</source>
        <translation>음성 구간과 화자 찾기</translation>
    </message>
    <message>
        <source>Looking at the conditions</source>
        <translation>비교 조건 확인</translation>
    </message>
    <message>
        <source>Comparing</source>
        <translation>비교</translation>
    </message>
</context>
<context>
    <name>ChecksDialog</name>
    <message>
        <source>Check of the case</source>
        <translation>사건 점검 결과</translation>
    </message>
</context>
<context>
    <name>ComparisonPanel</name>
    <message>
        <source>all speech that is found</source>
        <translation>검출된 음성 전체</translation>
    </message>
    <message>
        <source>segments without a speaker</source>
        <translation>화자 미지정 구간</translation>
    </message>
    <message>
        <source>{name}, channel {channel} ({seconds} s)</source>
        <translation>{name}, 채널 {channel}({seconds}초)</translation>
    </message>
    <message>
        <source>Choose a questioned and a known recording. Files that are dropped on the window are added to the case.</source>
        <translation>문제음성과 대조음성을 고르십시오. 창에 끌어다 놓은 파일은 사건에 추가됩니다.</translation>
    </message>
    <message>
        <source>Looking at the conditions…</source>
        <translation>비교 조건을 확인하는 중…</translation>
    </message>
    <message>
        <source>✓ Within the conditions of the population</source>
        <translation>✓ 모집단의 조건 안에 있습니다</translation>
    </message>
    <message>
        <source>Questioned</source>
        <translation>문제음성</translation>
    </message>
    <message>
        <source>Known</source>
        <translation>대조음성</translation>
    </message>
    <message>
        <source>choose a recording</source>
        <translation>녹음을 고르십시오</translation>
    </message>
    <message>
        <source>voice</source>
        <translation>목소리</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Compare the two voices (Ctrl+Return)</source>
        <translation>두 목소리를 비교합니다(Ctrl+Return)</translation>
    </message>
    <message>
        <source>Report…</source>
        <translation>감정서…</translation>
    </message>
    <message>
        <source>Write the report of this comparison (Ctrl+S)</source>
        <translation>이 비교의 감정서를 작성합니다(Ctrl+S)</translation>
    </message>
    <message>
        <source>Open report</source>
        <translation>감정서 열기</translation>
    </message>
</context>
<context>
    <name>CorrectionGroup</name>
    <message>
        <source>Correction of an earlier report</source>
        <translation>이전 감정서의 수정</translation>
    </message>
    <message>
        <source>{number} (version {version}, {date}, {state})</source>
        <translation>{number} (제{version}판, {date}, {state})</translation>
    </message>
    <message>
        <source>signed</source>
        <translation>서명됨</translation>
    </message>
    <message>
        <source>draft</source>
        <translation>초안</translation>
    </message>
    <message>
        <source>Superseded report</source>
        <translation>대체되는 감정서</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>수정 사유</translation>
    </message>
    <message>
        <source>State why the earlier report is corrected: the new one says so.</source>
        <translation>이전 감정서를 수정하는 사유를 적으십시오. 새 감정서에 기재됩니다.</translation>
    </message>
</context>
<context>
    <name>CountersignDialog</name>
    <message>
        <source>Countersign the report</source>
        <translation>감정서에 검토자 서명</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>감정서</translation>
    </message>
    <message>
        <source>Examiner</source>
        <translation>감정인</translation>
    </message>
    <message>
        <source>You sign as the reviewer, in a copy: the examiner&apos;s file stays as it is. A report is countersigned once.</source>
        <translation>검토자로서 사본에 서명하며, 감정인의 파일은 그대로 남습니다. 검토자 서명은 한 번만 할 수 있습니다.</translation>
    </message>
</context>
<context>
    <name>Errors</name>
    <message>
        <source>Seongmun</source>
        <translation>성문</translation>
    </message>
    <message>
        <source>Copy details</source>
        <translation>세부 내용 복사</translation>
    </message>
</context>
<context>
    <name>EvidenceReportDialog</name>
    <message>
        <source>none: the plain one</source>
        <translation>없음: 기본 서식</translation>
    </message>
    <message>
        <source>All {count} comparisons of the case</source>
        <translation>사건의 비교 {count}건 모두</translation>
    </message>
    <message>
        <source>Template</source>
        <translation>서식</translation>
    </message>
    <message>
        <source>Laboratory&apos;s template</source>
        <translation>감정 기관의 서식</translation>
    </message>
</context>
<context>
    <name>GalleryDesk</name>
    <message>
        <source>Looking into the gallery</source>
        <translation>음성 보관함 확인</translation>
    </message>
    <message>
        <source>Gallery</source>
        <translation>음성 보관함</translation>
    </message>
    <message>
        <source>Searching the gallery</source>
        <translation>음성 보관함 검색</translation>
    </message>
    <message>
        <source>{new} voices enrolled, {old} were there, the gallery holds {n}.</source>
        <translation>목소리 {new}건을 등록했습니다(이미 등록됨 {old}건). 보관함의 목소리는 모두 {n}건입니다.</translation>
    </message>
    <message>
        <source>Enrolling</source>
        <translation>음성 보관함에 등록</translation>
    </message>
    <message>
        <source>An empty folder for the new gallery</source>
        <translation>새 음성 보관함을 만들 빈 폴더</translation>
    </message>
    <message>
        <source>The new gallery holds {n} voices; {failed} could not be made anew.</source>
        <translation>새 음성 보관함에 목소리 {n}개를 저장하였습니다. 다시 만들지 못한 목소리는 {failed}개입니다.</translation>
    </message>
    <message>
        <source>Making the gallery anew</source>
        <translation>음성 보관함 다시 만들기</translation>
    </message>
    <message numerus="yes">
        <source>The watch-list has hits: %n</source>
        <translation>
            <numerusform>감시 목록에서 %n건이 검색되었습니다</numerusform>
        </translation>
    </message>
    <message>
        <source>Looking at the watch-list</source>
        <translation>감시 목록 확인</translation>
    </message>
</context>
<context>
    <name>GroupDesk</name>
    <message>
        <source>Exported: {path}</source>
        <translation>내보냈습니다: {path}</translation>
    </message>
    <message>
        <source>Grouping the voices</source>
        <translation>목소리 묶기</translation>
    </message>
    <message>
        <source>Add a case</source>
        <translation>사건 추가</translation>
    </message>
    <message>
        <source>Encrypted case</source>
        <translation>암호화된 사건</translation>
    </message>
    <message>
        <source>Passphrase:</source>
        <translation>암호:</translation>
    </message>
    <message>
        <source>This call belongs to another case: open that case to listen and compare.</source>
        <translation>다른 사건의 통화입니다. 듣거나 비교하려면 그 사건을 여십시오.</translation>
    </message>
    <message>
        <source>The report is signed, verified and saved: {path}</source>
        <translation>분석서를 서명하고 검증하여 저장하였습니다: {path}</translation>
    </message>
    <message>
        <source>Saved as an unsigned draft: {path}</source>
        <translation>서명하지 않은 초안으로 저장하였습니다: {path}</translation>
    </message>
    <message>
        <source>Writing the report</source>
        <translation>분석서 작성</translation>
    </message>
    <message>
        <source>Gallery</source>
        <translation>음성 보관함</translation>
    </message>
    <message>
        <source>Recordings</source>
        <translation>녹음</translation>
    </message>
    <message>
        <source>Matrix</source>
        <translation>행렬</translation>
    </message>
    <message>
        <source>Rings</source>
        <translation>조직</translation>
    </message>
</context>
<context>
    <name>JobRow</name>
    <message>
        <source>about {time} left</source>
        <translation>약 {time} 남음</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>중지하는 중…</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>취소</translation>
    </message>
</context>
<context>
    <name>LabelDialog</name>
    <message>
        <source>Label segments</source>
        <translation>구간 라벨</translation>
    </message>
    <message>
        <source>several voices at once</source>
        <translation>여러 목소리가 겹침</translation>
    </message>
    <message>
        <source>not to be compared</source>
        <translation>비교에서 제외</translation>
    </message>
    <message>
        <source>Speaker</source>
        <translation>화자</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>언어</translation>
    </message>
    <message>
        <source>Remark</source>
        <translation>비고</translation>
    </message>
    <message>
        <source>Overlap</source>
        <translation>겹침</translation>
    </message>
    <message>
        <source>Excluded</source>
        <translation>제외</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Waveform and spectrogram</source>
        <translation>파형과 스펙트로그램</translation>
    </message>
    <message>
        <source>Segment table</source>
        <translation>구간 표</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>검증</translation>
    </message>
    <message>
        <source>Mouse</source>
        <translation>마우스</translation>
    </message>
    <message>
        <source>Drag</source>
        <translation>끌기</translation>
    </message>
    <message>
        <source>select; at the edge of a selection or segment: move it</source>
        <translation>선택. 선택 영역이나 구간의 경계에서는 경계 이동</translation>
    </message>
    <message>
        <source>Click</source>
        <translation>클릭</translation>
    </message>
    <message>
        <source>set the cursor; on a segment: choose it</source>
        <translation>커서 놓기. 구간 위에서는 구간 고르기</translation>
    </message>
    <message>
        <source>Double-click</source>
        <translation>두 번 클릭</translation>
    </message>
    <message>
        <source>select the segment; on a segment: label it</source>
        <translation>구간 선택. 구간 위에서는 라벨 달기</translation>
    </message>
    <message>
        <source>Wheel</source>
        <translation>휠</translation>
    </message>
    <message>
        <source>zoom about the pointer; with Shift: scroll</source>
        <translation>포인터를 중심으로 확대·축소. Shift와 함께: 이동</translation>
    </message>
    <message>
        <source>Middle button</source>
        <translation>가운데 단추</translation>
    </message>
    <message>
        <source>pull</source>
        <translation>끌어서 이동</translation>
    </message>
    <message>
        <source>Jobs are still running:</source>
        <translation>아직 실행 중인 작업이 있습니다:</translation>
    </message>
    <message>
        <source>Stop them and close? What they have not finished is left out.</source>
        <translation>중지하고 닫을까요? 끝나지 않은 작업의 결과는 남지 않습니다.</translation>
    </message>
    <message>
        <source>Stop and close</source>
        <translation>중지하고 닫기</translation>
    </message>
    <message>
        <source>Keep open</source>
        <translation>계속 열어 두기</translation>
    </message>
    <message>
        <source>Seongmun – voice comparison</source>
        <translation>성문 – 화자 비교</translation>
    </message>
    <message>
        <source>(read-only)</source>
        <translation>(읽기 전용)</translation>
    </message>
    <message>
        <source>Segments</source>
        <translation>구간</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>품질</translation>
    </message>
    <message>
        <source>Comparison</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Spectrogram</source>
        <translation>스펙트로그램</translation>
    </message>
    <message>
        <source>Case</source>
        <translation>사건</translation>
    </message>
    <message>
        <source>Inspector</source>
        <translation>검토</translation>
    </message>
    <message>
        <source>&amp;Case</source>
        <translation>사건(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>편집(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>보기(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Play</source>
        <translation>재생(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Analysis</source>
        <translation>분석(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation>설정(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>도움말(&amp;H)</translation>
    </message>
    <message>
        <source>New case…</source>
        <translation>새 사건…</translation>
    </message>
    <message>
        <source>Open case…</source>
        <translation>사건 열기…</translation>
    </message>
    <message>
        <source>Open the demo</source>
        <translation>예제 열기</translation>
    </message>
    <message>
        <source>Close case</source>
        <translation>사건 닫기</translation>
    </message>
    <message>
        <source>Add questioned recordings…</source>
        <translation>문제음성 추가…</translation>
    </message>
    <message>
        <source>Add known recordings…</source>
        <translation>대조음성 추가…</translation>
    </message>
    <message>
        <source>Add reference recordings…</source>
        <translation>참고음성 추가…</translation>
    </message>
    <message>
        <source>Case details…</source>
        <translation>사건 정보…</translation>
    </message>
    <message>
        <source>Check the case</source>
        <translation>사건 점검</translation>
    </message>
    <message>
        <source>Export the case…</source>
        <translation>사건 내보내기…</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>끝내기</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>실행 취소</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>다시 실행</translation>
    </message>
    <message>
        <source>Make the selection a segment</source>
        <translation>선택 영역을 구간으로 만들기</translation>
    </message>
    <message>
        <source>Previous segment</source>
        <translation>이전 구간</translation>
    </message>
    <message>
        <source>Next segment</source>
        <translation>다음 구간</translation>
    </message>
    <message>
        <source>Next recording</source>
        <translation>다음 녹음</translation>
    </message>
    <message>
        <source>Close recording</source>
        <translation>녹음 닫기</translation>
    </message>
    <message>
        <source>Scroll back</source>
        <translation>뒤로 이동</translation>
    </message>
    <message>
        <source>Scroll on</source>
        <translation>앞으로 이동</translation>
    </message>
    <message>
        <source>To the start</source>
        <translation>처음으로</translation>
    </message>
    <message>
        <source>To the end</source>
        <translation>끝으로</translation>
    </message>
    <message>
        <source>Cursor back</source>
        <translation>커서 뒤로</translation>
    </message>
    <message>
        <source>Cursor on</source>
        <translation>커서 앞으로</translation>
    </message>
    <message>
        <source>Play / pause</source>
        <translation>재생/일시 정지</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>정지</translation>
    </message>
    <message>
        <source>Loop</source>
        <translation>반복</translation>
    </message>
    <message>
        <source>Slower</source>
        <translation>느리게</translation>
    </message>
    <message>
        <source>Faster</source>
        <translation>빠르게</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Report…</source>
        <translation>감정서…</translation>
    </message>
    <message>
        <source>Look for shared sound</source>
        <translation>같은 소리 찾기</translation>
    </message>
    <message>
        <source>Verify a report…</source>
        <translation>감정서 검증…</translation>
    </message>
    <message>
        <source>Stop all jobs</source>
        <translation>모든 작업 중지</translation>
    </message>
    <message>
        <source>Colours of the system</source>
        <translation>시스템 색상</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>밝은 색상</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>어두운 색상</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>단축키</translation>
    </message>
</context>
<context>
    <name>MatrixView</name>
    <message>
        <source>Group the voices of the case to see how they compare.</source>
        <translation>사건의 목소리를 묶으면 모든 쌍의 우도비가 여기에 표시됩니다.</translation>
    </message>
    <message>
        <source>Click a cell to choose two voices. Grey: two speakers of one call.</source>
        <translation>칸을 눌러 두 목소리를 고르십시오. 회색: 같은 통화의 두 화자.</translation>
    </message>
    <message>
        <source>{a} × {b}: log10 LR {value} (supported range {low} to {high})</source>
        <translation>{a} × {b}: log10 우도비 {value} (모집단이 뒷받침하는 범위 {low} ~ {high})</translation>
    </message>
    <message>
        <source>Group the voices</source>
        <translation>목소리 묶기</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>전체 보기</translation>
    </message>
    <message>
        <source>Compare this pair</source>
        <translation>이 쌍 비교</translation>
    </message>
    <message>
        <source>One person</source>
        <translation>한 사람으로 지정</translation>
    </message>
    <message>
        <source>Different people</source>
        <translation>다른 사람으로 지정</translation>
    </message>
    <message>
        <source>By person</source>
        <translation>사람 순</translation>
    </message>
    <message>
        <source>By call</source>
        <translation>통화 순</translation>
    </message>
    <message>
        <source>By net speech</source>
        <translation>순 발화 시간 순</translation>
    </message>
</context>
<context>
    <name>Navigator</name>
    <message>
        <source>Comparisons</source>
        <translation>비교</translation>
    </message>
    <message>
        <source>Reports</source>
        <translation>감정서</translation>
    </message>
    <message>
        <source>signed</source>
        <translation>서명됨</translation>
    </message>
    <message>
        <source>draft</source>
        <translation>초안</translation>
    </message>
    <message>
        <source>{length} long, {speech} s of speech, {codec}</source>
        <translation>길이 {length}, 음성 {speech}초, {codec}</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>열기</translation>
    </message>
    <message>
        <source>Details…</source>
        <translation>정보…</translation>
    </message>
    <message>
        <source>Compare as questioned</source>
        <translation>문제음성으로 비교</translation>
    </message>
    <message>
        <source>Compare as known</source>
        <translation>대조음성으로 비교</translation>
    </message>
    <message>
        <source>Open report</source>
        <translation>감정서 열기</translation>
    </message>
    <message>
        <source>Add recordings…</source>
        <translation>녹음 추가…</translation>
    </message>
    <message>
        <source>Questioned</source>
        <translation>문제음성</translation>
    </message>
    <message>
        <source>Known</source>
        <translation>대조음성</translation>
    </message>
    <message>
        <source>Reference</source>
        <translation>참고음성</translation>
    </message>
    <message>
        <source>Suitable for comparison</source>
        <translation>비교에 적합</translation>
    </message>
    <message>
        <source>Suitable with limits: see the quality panel</source>
        <translation>제한적으로 적합: 품질 패널을 보십시오</translation>
    </message>
    <message>
        <source>Not suitable for comparison: see the quality panel</source>
        <translation>비교에 부적합: 품질 패널을 보십시오</translation>
    </message>
    <message>
        <source>Quality not measured yet: open the recording</source>
        <translation>품질을 아직 측정하지 않음: 녹음을 여십시오</translation>
    </message>
    <message>
        <source>Case</source>
        <translation>사건</translation>
    </message>
</context>
<context>
    <name>NeedsPanel</name>
    <message>
        <source>These recordings are needed. Drop them here or choose them:</source>
        <translation>아래 녹음이 필요합니다. 여기에 끌어다 놓거나 고르십시오.</translation>
    </message>
    <message>
        <source>No trusted certificates are chosen, so nobody knows yet who signed.</source>
        <translation>신뢰할 인증서를 고르지 않아, 서명자가 누구인지 아직 알 수 없습니다.</translation>
    </message>
    <message>
        <source>The report&apos;s model is not on this computer.</source>
        <translation>감정서에 쓰인 모델이 이 컴퓨터에 없습니다.</translation>
    </message>
    <message>
        <source>The report&apos;s population is not on this computer.</source>
        <translation>감정서에 쓰인 모집단이 이 컴퓨터에 없습니다.</translation>
    </message>
    <message>
        <source>Files…</source>
        <translation>파일…</translation>
    </message>
    <message>
        <source>Choose recordings; each is checked by hash</source>
        <translation>녹음 파일을 고릅니다. 하나하나 해시로 확인합니다</translation>
    </message>
    <message>
        <source>Folder…</source>
        <translation>폴더…</translation>
    </message>
    <message>
        <source>Look for the recordings in a folder</source>
        <translation>폴더에서 녹음을 찾습니다</translation>
    </message>
    <message>
        <source>Certificates…</source>
        <translation>인증서…</translation>
    </message>
    <message>
        <source>Choose the certificates that your laboratory trusts</source>
        <translation>소속 기관이 신뢰하는 인증서를 고릅니다</translation>
    </message>
    <message>
        <source>Model folder…</source>
        <translation>모델 폴더…</translation>
    </message>
    <message>
        <source>Choose the folder of a model pack</source>
        <translation>모델 팩의 폴더를 고릅니다</translation>
    </message>
    <message>
        <source>Population file…</source>
        <translation>모집단 파일…</translation>
    </message>
    <message>
        <source>Choose the file of the population</source>
        <translation>모집단 파일을 고릅니다</translation>
    </message>
    <message>
        <source>Recordings that are needed</source>
        <translation>필요한 녹음</translation>
    </message>
</context>
<context>
    <name>NewCaseDialog</name>
    <message>
        <source>New case</source>
        <translation>새 사건</translation>
    </message>
    <message>
        <source>With a passphrase everything in the case is encrypted. Nobody can open it again without the passphrase.</source>
        <translation>암호를 정하면 사건의 모든 내용이 암호화됩니다. 암호 없이는 아무도 다시 열 수 없습니다.</translation>
    </message>
    <message>
        <source>Case number</source>
        <translation>사건 번호</translation>
    </message>
    <message>
        <source>Examiner</source>
        <translation>감정인</translation>
    </message>
    <message>
        <source>Agency</source>
        <translation>감정 기관</translation>
    </message>
    <message>
        <source>Requested by</source>
        <translation>의뢰 기관</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>폴더</translation>
    </message>
    <message>
        <source>Passphrase</source>
        <translation>암호</translation>
    </message>
    <message>
        <source>Passphrase again</source>
        <translation>암호 확인</translation>
    </message>
    <message>
        <source>Folder that the case&apos;s folder is made in</source>
        <translation>사건 폴더를 만들 위치</translation>
    </message>
    <message>
        <source>The case needs a number.</source>
        <translation>사건 번호를 입력하십시오.</translation>
    </message>
    <message>
        <source>The case needs an examiner.</source>
        <translation>감정인을 입력하십시오.</translation>
    </message>
    <message>
        <source>The passphrases differ.</source>
        <translation>두 암호가 서로 다릅니다.</translation>
    </message>
</context>
<context>
    <name>PopulationDialog</name>
    <message>
        <source>Build a population</source>
        <translation>모집단 만들기</translation>
    </message>
    <message>
        <source>all</source>
        <translation>전체</translation>
    </message>
    <message>
        <source>female</source>
        <translation>여성</translation>
    </message>
    <message>
        <source>male</source>
        <translation>남성</translation>
    </message>
    <message>
        <source>as it is</source>
        <translation>그대로</translation>
    </message>
    <message>
        <source>The table has the columns path and speaker, and if known session, sex, language, channel. At least 20 speakers, 8 of them in several sessions.</source>
        <translation>표에는 path와 speaker 열이 있어야 하고, 알면 session, sex, language, channel 열을 더합니다. 화자는 20명 이상이어야 하며 그중 8명 이상은 여러 차례 녹음된 사람이어야 합니다.</translation>
    </message>
    <message>
        <source>Table (CSV)</source>
        <translation>표 (CSV)</translation>
    </message>
    <message>
        <source>Folder of recordings</source>
        <translation>녹음 폴더</translation>
    </message>
    <message>
        <source>Name of the population</source>
        <translation>모집단 이름</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>설명</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>사용 허가</translation>
    </message>
    <message>
        <source>Sex</source>
        <translation>성별</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>언어</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>채널</translation>
    </message>
    <message>
        <source>Least net speech (s)</source>
        <translation>최소 순 음성 (초)</translation>
    </message>
    <message>
        <source>Cut speech to (s)</source>
        <translation>음성을 자를 길이 (초)</translation>
    </message>
    <message>
        <source>Cut the band at (Hz)</source>
        <translation>대역을 자를 주파수 (Hz)</translation>
    </message>
    <message>
        <source>Save in</source>
        <translation>저장 위치</translation>
    </message>
    <message>
        <source>Who speaks, over what, where the recordings come from</source>
        <translation>누가 무엇으로 말하였고 녹음을 어디에서 얻었는지</translation>
    </message>
    <message>
        <source>There is no such table.</source>
        <translation>그런 표가 없습니다.</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>그런 폴더가 없습니다.</translation>
    </message>
    <message>
        <source>The population needs a name that can be a file&apos;s.</source>
        <translation>모집단에는 파일 이름으로 쓸 수 있는 이름이 필요합니다.</translation>
    </message>
    <message>
        <source>The population needs a description: a court will read it.</source>
        <translation>모집단에는 설명이 필요합니다. 법정에서 읽게 됩니다.</translation>
    </message>
</context>
<context>
    <name>ProofsGroup</name>
    <message>
        <source>Timestamp and revocation</source>
        <translation>시점확인 및 인증서 폐지 정보</translation>
    </message>
    <message>
        <source>none: the time is the signer&apos;s own claim</source>
        <translation>없음: 서명 시각은 서명자의 주장일 뿐입니다</translation>
    </message>
    <message>
        <source>CRLs, OCSP responses, certificates of authorities</source>
        <translation>폐지 목록(CRL), OCSP 응답, 인증기관 인증서</translation>
    </message>
    <message>
        <source>Add…</source>
        <translation>추가…</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>빼기</translation>
    </message>
    <message>
        <source>Timestamp authority</source>
        <translation>시점확인기관 파일</translation>
    </message>
    <message>
        <source>Its password</source>
        <translation>시점확인 비밀번호</translation>
    </message>
    <message>
        <source>Revocation data</source>
        <translation>폐지 정보 파일</translation>
    </message>
    <message>
        <source>All files</source>
        <translation>모든 파일</translation>
    </message>
    <message>
        <source>Choose a timestamp authority.</source>
        <translation>시점확인기관을 선택하십시오.</translation>
    </message>
    <message>
        <source>Choose a timestamp authority or revocation data, or uncheck the box.</source>
        <translation>시점확인기관 파일이나 폐지 정보 파일을 선택하거나, 이 항목의 선택을 해제하십시오.</translation>
    </message>
</context>
<context>
    <name>QualityPanel</name>
    <message>
        <source>Open a recording to see its quality.</source>
        <translation>녹음을 열면 품질이 표시됩니다.</translation>
    </message>
    <message>
        <source>Selection {start} – {end}</source>
        <translation>선택 영역 {start} – {end}</translation>
    </message>
    <message>
        <source>The quality is being measured…</source>
        <translation>품질을 측정하는 중…</translation>
    </message>
    <message>
        <source>Whole recording</source>
        <translation>녹음 전체</translation>
    </message>
    <message>
        <source>Channel {number}</source>
        <translation>채널 {number}</translation>
    </message>
    <message>
        <source>Net speech</source>
        <translation>순 음성</translation>
    </message>
    <message>
        <source>Signal-to-noise ratio</source>
        <translation>신호대잡음비</translation>
    </message>
    <message>
        <source>Bandwidth</source>
        <translation>유효 대역폭</translation>
    </message>
    <message>
        <source>Sounds like</source>
        <translation>코덱 추정</translation>
    </message>
    <message>
        <source>Speech level</source>
        <translation>음성 레벨</translation>
    </message>
    <message>
        <source>Peak</source>
        <translation>최대 레벨</translation>
    </message>
    <message>
        <source>Clipping</source>
        <translation>클리핑</translation>
    </message>
    <message>
        <source>Dropouts</source>
        <translation>음성 끊김</translation>
    </message>
    <message>
        <source>Reverberation</source>
        <translation>잔향 시간</translation>
    </message>
    <message>
        <source>Mains hum</source>
        <translation>전원 험</translation>
    </message>
    <message>
        <source>Offset</source>
        <translation>직류 성분</translation>
    </message>
    <message>
        <source>not measurable</source>
        <translation>측정할 수 없음</translation>
    </message>
    <message>
        <source>none</source>
        <translation>없음</translation>
    </message>
    <message>
        <source>File</source>
        <translation>파일</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>형식</translation>
    </message>
    <message>
        <source>Rate</source>
        <translation>표본화율</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>길이</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>크기</translation>
    </message>
    <message>
        <source>Measuring…</source>
        <translation>측정하는 중…</translation>
    </message>
    <message>
        <source>Measure the selection</source>
        <translation>선택 영역 측정</translation>
    </message>
</context>
<context>
    <name>RatioScale</name>
    <message>
        <source>value</source>
        <translation>우도비</translation>
    </message>
    <message>
        <source>95 % interval</source>
        <translation>95 % 구간</translation>
    </message>
    <message>
        <source>supported range</source>
        <translation>뒷받침되는 범위</translation>
    </message>
    <message>
        <source>Likelihood ratio on a logarithmic scale</source>
        <translation>로그 눈금의 우도비</translation>
    </message>
</context>
<context>
    <name>RecordDialog</name>
    <message>
        <source>Review record</source>
        <translation>검토 기록</translation>
    </message>
    <message>
        <source>Reviewer</source>
        <translation>검토자</translation>
    </message>
    <message>
        <source>Organisation</source>
        <translation>소속</translation>
    </message>
    <message>
        <source>Remarks</source>
        <translation>의견</translation>
    </message>
    <message>
        <source>State who reviews.</source>
        <translation>검토자 이름을 적으십시오.</translation>
    </message>
    <message>
        <source>Without a signature anybody can change the record.</source>
        <translation>서명하지 않은 기록은 누구나 고칠 수 있습니다.</translation>
    </message>
    <message>
        <source>The record is signed and checked before it is saved.</source>
        <translation>기록에 서명하고 서명을 확인한 뒤 저장합니다.</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Report</source>
        <translation>감정서</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>언어</translation>
    </message>
    <message>
        <source>The report is signed and verified before it is saved.</source>
        <translation>감정서는 서명하고 검증한 뒤에 저장됩니다.</translation>
    </message>
    <message>
        <source>Without a signature the report is a draft: it is no evidence.</source>
        <translation>서명이 없으면 초안일 뿐이며 증거로 쓸 수 없습니다.</translation>
    </message>
</context>
<context>
    <name>ReviewDesk</name>
    <message>
        <source>Verify a report</source>
        <translation>감정서 검증</translation>
    </message>
    <message>
        <source>Verifying {name}</source>
        <translation>{name} 검증</translation>
    </message>
    <message>
        <source>Recordings of the report</source>
        <translation>감정서의 녹음</translation>
    </message>
    <message>
        <source>Folder with the recordings</source>
        <translation>녹음이 든 폴더</translation>
    </message>
    <message>
        <source>Looking for the recordings</source>
        <translation>녹음 찾기</translation>
    </message>
    <message>
        <source>Found: {names}</source>
        <translation>찾음: {names}</translation>
    </message>
    <message>
        <source>Other recordings</source>
        <translation>다른 녹음</translation>
    </message>
    <message>
        <source>None of the report&apos;s recordings is among them.</source>
        <translation>감정서의 녹음이 아닙니다.</translation>
    </message>
    <message>
        <source>Files are compared by SHA-256; their names do not count.</source>
        <translation>파일은 이름이 아니라 SHA-256 값으로 비교합니다.</translation>
    </message>
    <message>
        <source>Trusted certificates</source>
        <translation>신뢰할 인증서</translation>
    </message>
    <message>
        <source>Reading the certificates</source>
        <translation>인증서 읽기</translation>
    </message>
    <message>
        <source>Folder of the model pack</source>
        <translation>모델 팩 폴더</translation>
    </message>
    <message>
        <source>File of the population</source>
        <translation>모집단 파일</translation>
    </message>
    <message>
        <source>Checking {name}</source>
        <translation>{name} 확인</translation>
    </message>
    <message>
        <source>Folder for the attachments</source>
        <translation>첨부 파일을 꺼낼 폴더</translation>
    </message>
    <message>
        <source>Extracted: {names}</source>
        <translation>꺼낸 파일: {names}</translation>
    </message>
    <message>
        <source>Extracting the attachments</source>
        <translation>첨부 파일 꺼내기</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>복사하였습니다</translation>
    </message>
    <message>
        <source>The review record is saved: {path}</source>
        <translation>검토 기록을 저장하였습니다: {path}</translation>
    </message>
    <message>
        <source>Writing the review record</source>
        <translation>검토 기록 작성</translation>
    </message>
    <message>
        <source>Open a report first.</source>
        <translation>먼저 감정서를 여십시오.</translation>
    </message>
    <message>
        <source>The report has not been verified.</source>
        <translation>아직 검증되지 않은 감정서입니다.</translation>
    </message>
    <message>
        <source>Nothing is added to a report that does not hold. Does not hold: {names}</source>
        <translation>유효하지 않은 감정서에는 아무것도 더하지 않습니다. 이상이 있는 항목: {names}</translation>
    </message>
    <message>
        <source>The archived report is saved: {path}</source>
        <translation>보관용 시점확인을 더한 감정서를 저장하였습니다: {path}</translation>
    </message>
    <message>
        <source>Archive timestamp for {name}</source>
        <translation>{name}의 보관용 시점확인</translation>
    </message>
    <message>
        <source>The countersigned report is saved: {path}</source>
        <translation>검토자 서명을 한 감정서를 저장했습니다: {path}</translation>
    </message>
    <message>
        <source>Countersigning {name}</source>
        <translation>검토자 서명: {name}</translation>
    </message>
</context>
<context>
    <name>ReviewFacts</name>
    <message>
        <source>Check</source>
        <translation>확인 항목</translation>
    </message>
    <message>
        <source>Outcome</source>
        <translation>결과</translation>
    </message>
    <message>
        <source>Reason</source>
        <translation>이유</translation>
    </message>
    <message>
        <source>holds</source>
        <translation>이상 없음</translation>
    </message>
    <message>
        <source>does not hold</source>
        <translation>이상 있음</translation>
    </message>
    <message>
        <source>not checked</source>
        <translation>확인 못 함</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>크기</translation>
    </message>
    <message>
        <source>{n} bytes</source>
        <translation>{n} 바이트</translation>
    </message>
    <message>
        <source>Format</source>
        <translation>형식</translation>
    </message>
    <message>
        <source>Sample rate</source>
        <translation>표본화율</translation>
    </message>
    <message>
        <source>Channel</source>
        <translation>채널</translation>
    </message>
    <message>
        <source>Duration</source>
        <translation>길이</translation>
    </message>
    <message>
        <source>Net speech</source>
        <translation>순 음성</translation>
    </message>
    <message>
        <source>Examined segments</source>
        <translation>감정한 구간</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>역할</translation>
    </message>
    <message>
        <source>Signed at</source>
        <translation>서명 시각</translation>
    </message>
    <message>
        <source>Time stamp</source>
        <translation>타임스탬프</translation>
    </message>
    <message>
        <source>Certificate path</source>
        <translation>인증서 경로</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>번호</translation>
    </message>
    <message>
        <source>Made (UTC)</source>
        <translation>작성 (UTC)</translation>
    </message>
    <message>
        <source>Case</source>
        <translation>사건</translation>
    </message>
    <message>
        <source>Program</source>
        <translation>프로그램</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>감정서</translation>
    </message>
    <message>
        <source>Propositions</source>
        <translation>명제</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>모델</translation>
    </message>
    <message>
        <source>Population</source>
        <translation>모집단</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>이름</translation>
    </message>
    <message>
        <source>Training data</source>
        <translation>학습 자료</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>사용 허가</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>설명</translation>
    </message>
    <message>
        <source>Speakers</source>
        <translation>화자 수</translation>
    </message>
    <message>
        <source>Trials of one speaker</source>
        <translation>동일 화자 시행</translation>
    </message>
    <message>
        <source>Trials of two speakers</source>
        <translation>상이 화자 시행</translation>
    </message>
</context>
<context>
    <name>ReviewView</name>
    <message>
        <source>Signed by {signer}, {time}</source>
        <translation>서명: {signer}, {time}</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>확인하는 중…</translation>
    </message>
    <message>
        <source>Does not hold</source>
        <translation>이상 있음</translation>
    </message>
    <message>
        <source>Not checked</source>
        <translation>확인 못 함</translation>
    </message>
    <message>
        <source>Review of a report</source>
        <translation>감정서 검토</translation>
    </message>
    <message>
        <source>1. Drop the report (PDF) here, or choose it. Signature, attachments and the result that follows from them are checked at once.
2. Choose the certificates that you trust: they tell whether the signer is who they say they are.
3. Drop the recordings: they are recognised by their hash, and the whole analysis is repeated.

You need neither a case nor an account. Nothing is changed and nothing leaves this computer.</source>
        <translation>1. 감정서(PDF)를 여기에 끌어다 놓거나 고르십시오. 서명과 첨부 자료, 첨부 자료에서 나오는 결과를 바로 확인합니다.
2. 신뢰하는 인증서를 고르십시오. 서명자가 자신이 밝힌 사람인지 알려 줍니다.
3. 녹음을 끌어다 놓으십시오. 해시로 알아보고 분석 전체를 되풀이합니다.

사건 파일도 계정도 필요 없습니다. 아무것도 바꾸지 않으며 아무것도 이 컴퓨터 밖으로 나가지 않습니다.</translation>
    </message>
    <message>
        <source>Choose a report…</source>
        <translation>감정서 고르기…</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>수치</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>감정서</translation>
    </message>
    <message>
        <source>Computed again</source>
        <translation>재계산</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>차이</translation>
    </message>
    <message>
        <source>Numbers</source>
        <translation>수치</translation>
    </message>
    <message>
        <source>Recordings</source>
        <translation>녹음</translation>
    </message>
    <message>
        <source>Signatures</source>
        <translation>서명</translation>
    </message>
    <message>
        <source>Checks</source>
        <translation>확인 항목</translation>
    </message>
    <message>
        <source>Verdict</source>
        <translation>결론</translation>
    </message>
</context>
<context>
    <name>ReviewWindow</name>
    <message>
        <source>Review</source>
        <translation>검토</translation>
    </message>
    <message>
        <source>&amp;Report</source>
        <translation>감정서(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Check</source>
        <translation>확인(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>도움말(&amp;H)</translation>
    </message>
    <message>
        <source>Tools</source>
        <translation>도구</translation>
    </message>
    <message>
        <source>Open a report…</source>
        <translation>감정서 열기…</translation>
    </message>
    <message>
        <source>Check another report</source>
        <translation>다른 감정서를 확인합니다</translation>
    </message>
    <message>
        <source>Open in the PDF viewer</source>
        <translation>PDF 뷰어로 열기</translation>
    </message>
    <message>
        <source>With the system&apos;s program</source>
        <translation>시스템의 프로그램으로 엽니다</translation>
    </message>
    <message>
        <source>Extract the attachments…</source>
        <translation>첨부 파일 꺼내기…</translation>
    </message>
    <message>
        <source>Write what is attached to the report into a folder</source>
        <translation>감정서에 첨부된 파일을 폴더에 씁니다</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation>글로 복사</translation>
    </message>
    <message>
        <source>Everything that was found, as text</source>
        <translation>확인한 내용 전부를 글로 복사합니다</translation>
    </message>
    <message>
        <source>Save a review record…</source>
        <translation>검토 기록 저장…</translation>
    </message>
    <message>
        <source>A PDF of what was found; it can be signed</source>
        <translation>확인한 내용을 PDF로 남깁니다. 서명할 수 있습니다</translation>
    </message>
    <message>
        <source>Countersign report…</source>
        <translation>검토자 서명…</translation>
    </message>
    <message>
        <source>Sign the report as its reviewer, in a copy</source>
        <translation>감정서 사본에 검토자로서 서명합니다</translation>
    </message>
    <message>
        <source>Archive timestamp…</source>
        <translation>보관용 시점확인…</translation>
    </message>
    <message>
        <source>Keep the report checkable after the certificates in it have expired</source>
        <translation>인증서가 만료된 뒤에도 감정서를 검증할 수 있게 합니다</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>닫기</translation>
    </message>
    <message>
        <source>Close this window</source>
        <translation>이 창을 닫습니다</translation>
    </message>
    <message>
        <source>Recordings…</source>
        <translation>녹음 파일…</translation>
    </message>
    <message>
        <source>Choose recordings of the report; each is checked by its hash</source>
        <translation>감정서의 녹음을 고릅니다. 하나하나 해시로 확인합니다</translation>
    </message>
    <message>
        <source>Folder of recordings…</source>
        <translation>녹음 폴더…</translation>
    </message>
    <message>
        <source>Look for the report&apos;s recordings in a folder</source>
        <translation>폴더에서 감정서의 녹음을 찾습니다</translation>
    </message>
    <message>
        <source>Trusted certificates…</source>
        <translation>신뢰할 인증서…</translation>
    </message>
    <message>
        <source>Certificates that your laboratory trusts; they are remembered</source>
        <translation>소속 기관이 신뢰하는 인증서입니다. 다음에도 기억합니다</translation>
    </message>
    <message>
        <source>Forget the trusted certificates</source>
        <translation>신뢰할 인증서 지우기</translation>
    </message>
    <message>
        <source>Trust no certificate any more</source>
        <translation>어떤 인증서도 신뢰하지 않습니다</translation>
    </message>
    <message>
        <source>Model folder…</source>
        <translation>모델 폴더…</translation>
    </message>
    <message>
        <source>Where the model is not installed</source>
        <translation>모델이 설치되어 있지 않을 때</translation>
    </message>
    <message>
        <source>Population file…</source>
        <translation>모집단 파일…</translation>
    </message>
    <message>
        <source>Where the population is not installed</source>
        <translation>모집단이 설치되어 있지 않을 때</translation>
    </message>
    <message>
        <source>Compute again</source>
        <translation>다시 계산</translation>
    </message>
    <message>
        <source>Repeat the whole analysis from the recordings</source>
        <translation>녹음으로부터 분석 전체를 되풀이합니다</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>중지</translation>
    </message>
    <message>
        <source>Stop what is running</source>
        <translation>실행 중인 작업을 멈춥니다</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>단축키</translation>
    </message>
    <message>
        <source>Every key of this window</source>
        <translation>이 창의 모든 단축키</translation>
    </message>
</context>
<context>
    <name>RingView</name>
    <message>
        <source>All rings</source>
        <translation>모든 조직</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>내보내기</translation>
    </message>
    <message>
        <source>Group the voices</source>
        <translation>목소리 묶기</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>전체 보기</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>내보내기…</translation>
    </message>
    <message>
        <source>Report…</source>
        <translation>분석서…</translation>
    </message>
    <message>
        <source>Add a case…</source>
        <translation>사건 추가…</translation>
    </message>
    <message>
        <source>Cases</source>
        <translation>사건</translation>
    </message>
    <message>
        <source>People heard once</source>
        <translation>한 번만 들리는 사람</translation>
    </message>
    <message>
        <source>log10 LR from</source>
        <translation>log10 우도비 하한</translation>
    </message>
    <message>
        <source>Calls in the order of time</source>
        <translation>통화 시각순 통화</translation>
    </message>
</context>
<context>
    <name>RingWords</name>
    <message>
        <source>Group the voices of the case to see who is heard where.</source>
        <translation>사건의 목소리를 묶으면 누가 어느 통화에 등장하는지 여기에 표시됩니다.</translation>
    </message>
    <message>
        <source>no ring</source>
        <translation>조직 없음</translation>
    </message>
    <message>
        <source>only voice</source>
        <translation>유일한 목소리</translation>
    </message>
    <message>
        <source>Case {number}</source>
        <translation>사건 {number}</translation>
    </message>
    <message>
        <source>Ring {number}</source>
        <translation>조직 {number}</translation>
    </message>
    <message>
        <source>{people} heard again and again, {calls} calls</source>
        <translation>되풀이하여 등장하는 사람 {people}, 통화 {calls}건</translation>
    </message>
    <message>
        <source>Weakest joint: {joint}</source>
        <translation>가장 약한 연결: {joint}</translation>
    </message>
    <message>
        <source>One ring</source>
        <translation>한 조직으로 지정</translation>
    </message>
    <message>
        <source>Two rings</source>
        <translation>다른 조직으로 지정</translation>
    </message>
    <message>
        <source>decided</source>
        <translation>감정인 지정</translation>
    </message>
    <message>
        <source>{person} {value} (calls: {calls})</source>
        <translation>{person} {value} (통화 수: {calls})</translation>
    </message>
    <message>
        <source>received {time}</source>
        <translation>접수 {time}</translation>
    </message>
    <message>
        <source>{time} (time zone unknown)</source>
        <translation>{time} (시간대 모름)</translation>
    </message>
</context>
<context>
    <name>SavingDialog</name>
    <message>
        <source>Save as</source>
        <translation>저장 위치</translation>
    </message>
    <message>
        <source>Save the report</source>
        <translation>감정서 저장</translation>
    </message>
    <message>
        <source>Choose where to save it.</source>
        <translation>저장할 위치를 선택하십시오.</translation>
    </message>
</context>
<context>
    <name>SearchView</name>
    <message>
        <source>Nothing is stored here yet.</source>
        <translation>아직 저장된 목소리가 없습니다.</translation>
    </message>
    <message>
        <source>{n_entries} voices, {n_watched} of them watched</source>
        <translation>목소리 {n_entries}개, 이 가운데 감시 대상 {n_watched}개</translation>
    </message>
    <message>
        <source>made by another model: it must be made anew before it can be searched</source>
        <translation>다른 모델로 만든 보관함이므로 다시 만든 뒤에 검색할 수 있습니다</translation>
    </message>
    <message>
        <source>same recording</source>
        <translation>같은 녹음</translation>
    </message>
    <message numerus="yes">
        <source>Not made anew: %n</source>
        <translation>
            <numerusform>다시 만들지 못한 목소리: %n개</numerusform>
        </translation>
    </message>
    <message>
        <source>Choose a gallery and a recording. Every hit tells how many voices of other people are to be expected at its ratio or above in a gallery of this size.</source>
        <translation>음성 보관함과 녹음을 고르십시오. 각 검색 결과에는 이 크기의 보관함에서 그 우도비 이상으로 나올 것으로 예상되는 다른 사람의 목소리 수가 함께 표시됩니다.</translation>
    </message>
    <message>
        <source>Watch-list</source>
        <translation>감시 목록</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>검색</translation>
    </message>
    <message>
        <source>{what}: {speakers} speakers compared with {n} stored voices, {hits} hits from log10 LR {least} on</source>
        <translation>{what}: 화자 {speakers}명을 보관된 목소리 {n}건과 비교, log10 우도비 {least} 이상 {hits}건</translation>
    </message>
    <message>
        <source>Gallery…</source>
        <translation>음성 보관함…</translation>
    </message>
    <message>
        <source>no gallery chosen</source>
        <translation>음성 보관함을 고르지 않았습니다</translation>
    </message>
    <message>
        <source>Enrol</source>
        <translation>등록</translation>
    </message>
    <message>
        <source>Watch</source>
        <translation>감시</translation>
    </message>
    <message>
        <source>log10 LR from</source>
        <translation>log10 우도비 하한</translation>
    </message>
    <message>
        <source>Make anew for this model…</source>
        <translation>이 모델로 다시 만들기…</translation>
    </message>
    <message>
        <source>Speaker</source>
        <translation>화자</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>순위</translation>
    </message>
    <message>
        <source>log10 LR</source>
        <translation>log10 우도비</translation>
    </message>
    <message>
        <source>Expected false hits</source>
        <translation>예상 오검색 수</translation>
    </message>
    <message>
        <source>Voice</source>
        <translation>목소리</translation>
    </message>
    <message>
        <source>Recording</source>
        <translation>녹음</translation>
    </message>
    <message>
        <source>Case, enrolled</source>
        <translation>사건, 등록일</translation>
    </message>
</context>
<context>
    <name>SegmentPanel</name>
    <message numerus="yes">
        <source>%n segments, {seconds} s of speech</source>
        <translation>
            <numerusform>구간 %n개, 음성 {seconds}초</numerusform>
        </translation>
    </message>
    <message>
        <source>chosen: {count}, {seconds} s</source>
        <translation>선택 {count}개, {seconds}초</translation>
    </message>
    <message>
        <source>No segments yet.

Ctrl+P proposes speech and speakers; or select a stretch in the waveform and press Insert.</source>
        <translation>아직 구간이 없습니다.

Ctrl+P를 누르면 음성 구간과 화자를 제안합니다. 또는 파형에서 영역을 선택하고 Insert를 누르십시오.</translation>
    </message>
    <message>
        <source>Open a recording to see its segments.</source>
        <translation>녹음을 열면 구간이 표시됩니다.</translation>
    </message>
    <message>
        <source>Propose</source>
        <translation>제안</translation>
    </message>
    <message>
        <source>Find speech and speakers</source>
        <translation>음성 구간과 화자를 찾습니다</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>승인</translation>
    </message>
    <message>
        <source>Accept the chosen proposals</source>
        <translation>고른 제안을 승인합니다</translation>
    </message>
    <message>
        <source>Accept all</source>
        <translation>모두 승인</translation>
    </message>
    <message>
        <source>Accept every proposal</source>
        <translation>모든 제안을 승인합니다</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>나누기</translation>
    </message>
    <message>
        <source>Split at the cursor</source>
        <translation>커서 위치에서 나눕니다</translation>
    </message>
    <message>
        <source>Join</source>
        <translation>잇기</translation>
    </message>
    <message>
        <source>Join the chosen segments</source>
        <translation>고른 구간을 하나로 잇습니다</translation>
    </message>
    <message>
        <source>Exclude</source>
        <translation>제외</translation>
    </message>
    <message>
        <source>Exclude from comparison (laughter, overlap, tone), or take back in</source>
        <translation>비교에서 제외(웃음, 겹침, 신호음)하거나 다시 포함합니다</translation>
    </message>
    <message>
        <source>Label…</source>
        <translation>라벨…</translation>
    </message>
    <message>
        <source>Speaker, language, remark</source>
        <translation>화자, 언어, 비고</translation>
    </message>
    <message>
        <source>One voice</source>
        <translation>같은 목소리</translation>
    </message>
    <message>
        <source>Treat the speakers of the chosen segments as one voice</source>
        <translation>고른 구간의 화자들을 한 사람으로 봅니다</translation>
    </message>
    <message>
        <source>Other voice</source>
        <translation>다른 목소리</translation>
    </message>
    <message>
        <source>Take the chosen segments for another speaker&apos;s</source>
        <translation>고른 구간을 다른 화자의 것으로 봅니다</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>삭제</translation>
    </message>
    <message>
        <source>Take the chosen segments away</source>
        <translation>고른 구간을 지웁니다</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>가져오기…</translation>
    </message>
    <message>
        <source>TextGrid, Audacity, RTTM or CSV</source>
        <translation>TextGrid, Audacity, RTTM, CSV</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>내보내기…</translation>
    </message>
    <message numerus="yes">
        <source>%n speakers</source>
        <translation>
            <numerusform>화자 %n명</numerusform>
        </translation>
    </message>
    <message>
        <source>Filter: speaker, language, remark, state</source>
        <translation>필터: 화자, 언어, 비고, 상태</translation>
    </message>
    <message>
        <source>Segments</source>
        <translation>구간</translation>
    </message>
</context>
<context>
    <name>SegmentTable</name>
    <message>
        <source>Start</source>
        <translation>시작</translation>
    </message>
    <message>
        <source>End</source>
        <translation>끝</translation>
    </message>
    <message>
        <source>Length</source>
        <translation>길이</translation>
    </message>
    <message>
        <source>Ch.</source>
        <translation>채널</translation>
    </message>
    <message>
        <source>Speaker</source>
        <translation>화자</translation>
    </message>
    <message>
        <source>Lang.</source>
        <translation>언어</translation>
    </message>
    <message>
        <source>Remark</source>
        <translation>비고</translation>
    </message>
    <message>
        <source>State</source>
        <translation>상태</translation>
    </message>
    <message>
        <source>Entered by {author}</source>
        <translation>입력: {author}</translation>
    </message>
    <message>
        <source>excluded</source>
        <translation>제외</translation>
    </message>
    <message>
        <source>proposal</source>
        <translation>제안</translation>
    </message>
    <message>
        <source>accepted</source>
        <translation>승인</translation>
    </message>
    <message>
        <source>, overlap</source>
        <translation>, 겹침</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keys</source>
        <translation>단축키</translation>
    </message>
</context>
<context>
    <name>SigningDialog</name>
    <message>
        <source>only where there are several</source>
        <translation>여럿일 때만</translation>
    </message>
    <message>
        <source>nobody: unsigned draft</source>
        <translation>없음: 서명하지 않은 초안</translation>
    </message>
    <message>
        <source>a PKCS#12 file</source>
        <translation>PKCS#12 파일</translation>
    </message>
    <message>
        <source>a security token</source>
        <translation>보안 토큰</translation>
    </message>
    <message>
        <source>Signed by</source>
        <translation>서명</translation>
    </message>
    <message>
        <source>File</source>
        <translation>파일</translation>
    </message>
    <message>
        <source>PKCS#11 library</source>
        <translation>PKCS#11 라이브러리</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>토큰 이름</translation>
    </message>
    <message>
        <source>Certificate</source>
        <translation>인증서 이름</translation>
    </message>
    <message>
        <source>Password or PIN</source>
        <translation>비밀번호 또는 PIN</translation>
    </message>
    <message>
        <source>Signing identity</source>
        <translation>서명 인증서</translation>
    </message>
    <message>
        <source>Choose with what it is signed.</source>
        <translation>서명에 쓸 인증서를 선택하십시오.</translation>
    </message>
</context>
<context>
    <name>SpectrogramPanel</name>
    <message>
        <source>Preset</source>
        <translation>사전 설정</translation>
    </message>
    <message>
        <source>Window</source>
        <translation>창 길이</translation>
    </message>
    <message>
        <source>Overlap, at least</source>
        <translation>최소 겹침</translation>
    </message>
    <message>
        <source>Dynamic range: {db} dB</source>
        <translation>표시 범위: {db} dB</translation>
    </message>
    <message>
        <source>Brightest at {db} dB</source>
        <translation>최대 밝기: {db} dB</translation>
    </message>
    <message>
        <source>From</source>
        <translation>아래 주파수</translation>
    </message>
    <message>
        <source>To</source>
        <translation>위 주파수</translation>
    </message>
    <message>
        <source>Frequency axis</source>
        <translation>주파수 축</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>색상</translation>
    </message>
    <message>
        <source>narrow band: harmonics</source>
        <translation>협대역: 배음</translation>
    </message>
    <message>
        <source>wide band: formants, time</source>
        <translation>광대역: 포먼트, 시간</translation>
    </message>
    <message>
        <source>own window</source>
        <translation>직접 지정</translation>
    </message>
    <message>
        <source>linear</source>
        <translation>선형</translation>
    </message>
    <message>
        <source>mel</source>
        <translation>멜</translation>
    </message>
    <message>
        <source>Grey, dark on light</source>
        <translation>회색조(밝은 바탕)</translation>
    </message>
</context>
<context>
    <name>StudyDesk</name>
    <message>
        <source>Open a population or scores</source>
        <translation>모집단 또는 점수 표 열기</translation>
    </message>
    <message>
        <source>Validation study</source>
        <translation>검증 연구</translation>
    </message>
    <message>
        <source>Drawing the study</source>
        <translation>검증 연구를 그리는 중</translation>
    </message>
    <message>
        <source>The study is signed, checked and saved: {path}</source>
        <translation>검증 연구를 서명·확인하여 저장하였습니다: {path}</translation>
    </message>
    <message>
        <source>The study is saved as an unsigned draft: {path}</source>
        <translation>검증 연구를 서명하지 않은 초안으로 저장하였습니다: {path}</translation>
    </message>
    <message>
        <source>Writing the study</source>
        <translation>검증 연구 보고서 작성</translation>
    </message>
    <message>
        <source>Export the study</source>
        <translation>검증 연구 내보내기</translation>
    </message>
    <message>
        <source>Exported: {path}</source>
        <translation>내보냈습니다: {path}</translation>
    </message>
    <message>
        <source>Exporting the study</source>
        <translation>검증 연구 내보내기</translation>
    </message>
    <message>
        <source>{name}: {n} speakers; left out: {left_out}</source>
        <translation>{name}: 화자 {n}명, 제외한 녹음: {left_out}</translation>
    </message>
    <message>
        <source>Building the population</source>
        <translation>모집단 만들기</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>검증</translation>
    </message>
</context>
<context>
    <name>StudyView</name>
    <message>
        <source>Figures, 95 % interval</source>
        <translation>성능 지표 (95 % 구간)</translation>
    </message>
    <message>
        <source>Misleading evidence, 95 % interval</source>
        <translation>오도하는 증거의 비율 (95 % 구간)</translation>
    </message>
    <message>
        <source>What was studied, and how</source>
        <translation>무엇을 어떻게 검증하였는지</translation>
    </message>
    <message>
        <source>Compare two voices of the case to see here where its conditions lie in what the population covers, and its likelihood ratio in the Tippett plot.</source>
        <translation>사건의 두 음성을 비교하면, 사건의 조건이 모집단이 다루는 범위의 어디에 있는지 여기에 표시되고 그 우도비가 티펫 도표에 표시됩니다.</translation>
    </message>
    <message>
        <source>{comparison}: these scores state no conditions; whether the case lies within them was not checked.</source>
        <translation>{comparison}: 이 점수 표에는 조건이 기재되어 있지 않아, 사건이 그 범위 안에 있는지 확인하지 않았습니다.</translation>
    </message>
    <message>
        <source>{comparison}: where the case lies in what the population covers</source>
        <translation>{comparison}: 사건의 조건이 모집단이 다루는 범위의 어디에 있는지</translation>
    </message>
    <message>
        <source>Tippett</source>
        <translation>티펫</translation>
    </message>
    <message>
        <source>DET</source>
        <translation>DET</translation>
    </message>
    <message>
        <source>PAV</source>
        <translation>PAV</translation>
    </message>
    <message>
        <source>ECE</source>
        <translation>ECE</translation>
    </message>
    <message>
        <source>Scores</source>
        <translation>점수</translation>
    </message>
    <message>
        <source>By duration</source>
        <translation>길이별</translation>
    </message>
    <message>
        <source>By SNR</source>
        <translation>SNR별</translation>
    </message>
    <message>
        <source>Run the study</source>
        <translation>검증 실행</translation>
    </message>
    <message>
        <source>Validate the chosen population or scores</source>
        <translation>선택한 모집단이나 점수 표로 검증 연구를 합니다</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>열기…</translation>
    </message>
    <message>
        <source>Open a population or a table of labelled scores</source>
        <translation>모집단이나 정답이 있는 점수 표를 엽니다</translation>
    </message>
    <message>
        <source>Build a population…</source>
        <translation>모집단 만들기…</translation>
    </message>
    <message>
        <source>Build a population from the laboratory&apos;s own recordings and a table</source>
        <translation>기관이 가진 녹음과 표로 모집단을 만듭니다</translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>보고서…</translation>
    </message>
    <message>
        <source>Write the study&apos;s report, signed or as a draft</source>
        <translation>검증 연구 보고서를 서명하여, 또는 초안으로 작성합니다</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>내보내기…</translation>
    </message>
    <message>
        <source>Save plots, figures and report in a folder</source>
        <translation>도표, 수치, 보고서를 폴더에 저장합니다</translation>
    </message>
    <message>
        <source>Previous chart</source>
        <translation>이전 도표</translation>
    </message>
    <message>
        <source>Next chart</source>
        <translation>다음 도표</translation>
    </message>
    <message>
        <source>What to study</source>
        <translation>검증할 대상</translation>
    </message>
    <message>
        <source>choose a population</source>
        <translation>모집단 선택</translation>
    </message>
    <message>
        <source>Keep in the case</source>
        <translation>사건에 보관</translation>
    </message>
    <message>
        <source>A printed study is kept among the case&apos;s files</source>
        <translation>작성한 검증 연구를 사건 파일에 함께 보관합니다</translation>
    </message>
    <message>
        <source>Figure</source>
        <translation>지표</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>값</translation>
    </message>
    <message>
        <source>Condition</source>
        <translation>조건</translation>
    </message>
    <message>
        <source>Found (covered)</source>
        <translation>측정값 (모집단의 범위)</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>위치</translation>
    </message>
    <message>
        <source>A validation study shows how well likelihood ratios work on voices whose truth is known.

Choose a population and run the study (F5). Drop a population, a table of labelled scores (score, same, spk_a, spk_b) or a table of recordings (path, speaker) here.</source>
        <translation>검증 연구는 화자를 아는 음성에서 우도비가 얼마나 잘 작동하는지를 보여 줍니다.

모집단을 선택하고 검증을 실행하십시오(F5). 모집단 파일, 정답이 있는 점수 표(score, same, spk_a, spk_b) 또는 녹음 표(path, speaker)를 여기에 끌어다 놓아도 됩니다.</translation>
    </message>
</context>
<context>
    <name>TrackDesk</name>
    <message>
        <source>Opening {name}</source>
        <translation>{name} 여는 중</translation>
    </message>
    <message>
        <source>Export segments</source>
        <translation>구간 내보내기</translation>
    </message>
    <message>
        <source>Segments saved: {path}</source>
        <translation>구간을 저장했습니다: {path}</translation>
    </message>
    <message>
        <source>Import segments</source>
        <translation>구간 가져오기</translation>
    </message>
    <message>
        <source>Segments</source>
        <translation>구간</translation>
    </message>
    <message>
        <source>Measuring the selection</source>
        <translation>선택 영역 측정</translation>
    </message>
</context>
<context>
    <name>TrackView</name>
    <message>
        <source>synthetic voice</source>
        <translation>합성 음성</translation>
    </message>
    <message>
        <source>cut off: shown as far as it goes</source>
        <translation>잘린 녹음: 남은 데이터까지만 표시</translation>
    </message>
    <message>
        <source>Channel {number}</source>
        <translation>채널 {number}</translation>
    </message>
    <message>
        <source>Close this recording (Ctrl+W)</source>
        <translation>이 녹음 닫기(Ctrl+W)</translation>
    </message>
    <message>
        <source>Close this recording</source>
        <translation>이 녹음 닫기</translation>
    </message>
    <message>
        <source>Channel of the spectrogram and of new segments</source>
        <translation>스펙트로그램과 새 구간의 채널</translation>
    </message>
</context>
<context>
    <name>TransportBar</name>
    <message>
        <source>Pause</source>
        <translation>일시 정지</translation>
    </message>
    <message>
        <source>Play</source>
        <translation>재생</translation>
    </message>
    <message>
        <source>Space</source>
        <translation>스페이스</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>정지</translation>
    </message>
    <message>
        <source>Esc</source>
        <translation>Esc</translation>
    </message>
    <message>
        <source>Play in a loop</source>
        <translation>반복 재생</translation>
    </message>
    <message>
        <source>Speed, at the same pitch</source>
        <translation>재생 속도(음높이 유지)</translation>
    </message>
    <message>
        <source>Channel that is heard</source>
        <translation>들을 채널</translation>
    </message>
    <message>
        <source>Gain of this recording, for listening only</source>
        <translation>이 녹음의 음량(듣기 전용)</translation>
    </message>
    <message>
        <source>Output device</source>
        <translation>출력 장치</translation>
    </message>
    <message>
        <source>Position in the recording</source>
        <translation>녹음 안의 위치</translation>
    </message>
    <message>
        <source>Limited</source>
        <translation>제한됨</translation>
    </message>
    <message>
        <source>Softer than the gain says: it would go beyond full scale</source>
        <translation>최대 레벨을 넘지 않도록 설정한 음량보다 작게 들립니다</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>다시 찾기</translation>
    </message>
    <message>
        <source>Look for audio outputs again</source>
        <translation>출력 장치를 다시 찾습니다</translation>
    </message>
    <message>
        <source>All channels</source>
        <translation>모든 채널</translation>
    </message>
    <message>
        <source>Channel {number}</source>
        <translation>채널 {number}</translation>
    </message>
    <message>
        <source>System default</source>
        <translation>시스템 기본값</translation>
    </message>
</context>
<context>
    <name>WelcomePage</name>
    <message>
        <source>Seongmun</source>
        <translation>성문</translation>
    </message>
    <message>
        <source>Forensic voice comparison: calibrated likelihood ratios with their limits, in reports that anyone can verify. Works offline; nothing leaves this computer.</source>
        <translation>법과학 화자 비교: 보정된 우도비와 그 한계를, 누구나 검증할 수 있는 감정서로. 오프라인으로 동작하며 어떤 자료도 이 컴퓨터 밖으로 나가지 않습니다.</translation>
    </message>
    <message>
        <source>New case…</source>
        <translation>새 사건…</translation>
    </message>
    <message>
        <source>Open case…</source>
        <translation>사건 열기…</translation>
    </message>
    <message>
        <source>Open the demo</source>
        <translation>예제 열기</translation>
    </message>
    <message>
        <source>Verify a report…</source>
        <translation>감정서 검증…</translation>
    </message>
    <message>
        <source>Recent cases</source>
        <translation>최근 사건</translation>
    </message>
    <message>
        <source>Or drop something here: a case folder to open it, a report (PDF) to verify it, recordings to begin a case with them. F1 shows the keys.</source>
        <translation>또는 여기에 끌어다 놓으십시오. 사건 폴더는 열리고, 감정서(PDF)는 검증되며, 녹음은 새 사건을 시작합니다. F1을 누르면 단축키가 표시됩니다.</translation>
    </message>
</context>
<context>
    <name>Workspace</name>
    <message>
        <source>Zoom in</source>
        <translation>확대</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>축소</translation>
    </message>
    <message>
        <source>Show all</source>
        <translation>전체 보기</translation>
    </message>
    <message>
        <source>Show selection</source>
        <translation>선택 영역 보기</translation>
    </message>
    <message>
        <source>dB scale</source>
        <translation>dB 눈금</translation>
    </message>
    <message>
        <source>Link time axes</source>
        <translation>시간 축 연동</translation>
    </message>
    <message>
        <source>Side by side</source>
        <translation>나란히 보기</translation>
    </message>
    <message>
        <source>Nothing is open.

Double-click a recording of the case on the left, or drop files here to add them.</source>
        <translation>열린 녹음이 없습니다.

왼쪽에서 사건의 녹음을 두 번 클릭하거나, 파일을 여기에 끌어다 놓으면 추가됩니다.</translation>
    </message>
</context>
</TS>
